namespace Fota.UpdateServer.Rollouts;

/// <summary>What a stage has to have something of each of.</summary>
[Flags]
internal enum Strata
{
    None = 0,

    /// <summary>Of each site.</summary>
    Site = 1,

    /// <summary>Of each hardware revision; together with sites of each revision at each site.</summary>
    Hardware = 2,
}

/// <summary>One step of a rollout.</summary>
/// <param name="Name">For people.</param>
/// <param name="Count">How many devices it takes; null for a share, or for all that are left.</param>
internal sealed record StagePlan(string Name, int? Count)
{
    /// <summary>The share of all devices that the plan means, in per cent, rounded up; null for a count, or for all that are left.</summary>
    public int? Percent { get; init; }

    /// <summary>Which devices it takes, of those that the plan means.</summary>
    public DeviceFilter Filter { get; init; } = DeviceFilter.All;

    /// <summary>What it takes something of each of.</summary>
    public Strata Strata { get; init; }

    /// <summary>How many devices of the rollout may be at it at once while this stage runs; null for any number.</summary>
    public int? Cap { get; init; }

    /// <summary>How fast devices may be asked; null for as fast as they come.</summary>
    public GrantRate? Rate { get; init; }

    /// <summary>How long the stage has to stay good before the next one begins.</summary>
    public TimeSpan Soak { get; init; }

    /// <summary>How many devices have to have come to an end before it can be good; all, where it has not so many. Null: all.</summary>
    public int? MinimumSample { get; init; }

    /// <summary>The share of these that has to have gone well, in per cent; null: one device.</summary>
    public int? SuccessPercent { get; init; }

    /// <summary>Failures in this stage that abort the rollout; null: those of all stages alone count.</summary>
    public int? AbortAfterFailures { get; init; }

    /// <summary>The share of failures in this stage, in per cent, that aborts the rollout once it is beyond doubt; null for none.</summary>
    public int? AbortAbovePercent { get; init; }

    /// <summary>Whether it takes all that are left.</summary>
    public bool TakesRest => Count is null && Percent is null;

    /// <summary>How many devices it takes of <paramref name="left"/>, in a rollout that means <paramref name="all"/>.</summary>
    public int SizeOf(int left, int all) => Math.Min(left, Count ?? (Percent is { } percent ? (int)(((long)all * percent + 99) / 100) : left));
}
