namespace Fota.UpdateServer.Rollouts;

/// <summary>One stage; without a count or a share it takes the rest.</summary>
internal sealed record StageDocument(string Name, int? Count = null)
{
    public int? Percent { get; init; }

    public FilterDocument? Filter { get; init; }

    public IReadOnlyList<string>? Strata { get; init; }

    public int? Cap { get; init; }

    public int? GrantsPerMinute { get; init; }

    public RampDocument? Ramp { get; init; }

    public int? SoakMinutes { get; init; }

    public int? MinimumSample { get; init; }

    public int? SuccessPercent { get; init; }

    public int? AbortAfterFailures { get; init; }

    public int? AbortAbovePercent { get; init; }

    public static StageDocument Of(StagePlan stage) => new(stage.Name, stage.Count)
    {
        Percent = stage.Percent,
        Filter = FilterDocument.Of(stage.Filter),
        Strata = stage.Strata == Rollouts.Strata.None ? null : [.. PlanReader.NamesOf(stage.Strata)],
        Cap = stage.Cap,
        GrantsPerMinute = stage.Rate?.PerMinute,
        Ramp = stage.Rate is { FactorPercent: { } factor } rate ? new RampDocument(factor, (int)rate.Every.TotalMinutes, rate.UpTo) : null,
        SoakMinutes = stage.Soak == TimeSpan.Zero ? null : (int)stage.Soak.TotalMinutes,
        MinimumSample = stage.MinimumSample,
        SuccessPercent = stage.SuccessPercent,
        AbortAfterFailures = stage.AbortAfterFailures,
        AbortAbovePercent = stage.AbortAbovePercent,
    };
}

/// <summary>How the rate of grants grows.</summary>
internal sealed record RampDocument(int FactorPercent, int EveryMinutes, int UpTo);

/// <summary>Which devices are meant.</summary>
internal sealed record FilterDocument
{
    public string? VersionFrom { get; init; }

    public string? VersionBelow { get; init; }

    public IReadOnlyList<string>? Tags { get; init; }

    public IReadOnlyList<string>? Sites { get; init; }

    public IReadOnlyList<string>? Hardware { get; init; }

    public uint? FloorFrom { get; init; }

    public uint? FloorBelow { get; init; }

    public static FilterDocument? Of(DeviceFilter filter) => filter == DeviceFilter.All ? null : new FilterDocument
    {
        VersionFrom = filter.VersionFrom?.ToString(),
        VersionBelow = filter.VersionBelow?.ToString(),
        Tags = filter.Tags.IsEmpty ? null : filter.Tags,
        Sites = filter.Sites.IsEmpty ? null : filter.Sites,
        Hardware = filter.Hardware.IsEmpty ? null : filter.Hardware,
        FloorFrom = filter.FloorFrom?.Value,
        FloorBelow = filter.FloorBelow?.Value,
    };
}
