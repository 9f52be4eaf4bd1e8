using System.Collections.Immutable;
using Fota.Manifest;

namespace Fota.UpdateServer.Rollouts;

/// <summary>Reads the stages of a plan, and filters.</summary>
internal static class StageReader
{
    private const int MaxName = 64, MaxNames = 256, MaxDevices = 10_000_000, MaxSoakMinutes = 129_600;

    public static ImmutableArray<StagePlan> Read(IReadOnlyList<StageDocument> stages)
    {
        if (stages.Count is < 1 or > RolloutPlan.MaxStages)
        {
            throw Demand.Wrong("stages", $"1 to {RolloutPlan.MaxStages}", stages.Count);
        }

        ImmutableArray<StagePlan> read = [.. stages.Select(Read)];
        return read.SkipLast(1).Any(static s => s.TakesRest)
            ? throw Demand.Wrong("stages", "a count or a percent in every stage but the last, which may take the rest", "none")
            : read;
    }

    public static DeviceFilter ReadFilter(FilterDocument? filter, string what) => filter is null ? DeviceFilter.All : new DeviceFilter
    {
        VersionFrom = filter.VersionFrom is null ? null : ReleaseVersion.Parse(filter.VersionFrom),
        VersionBelow = filter.VersionBelow is null ? null : ReleaseVersion.Parse(filter.VersionBelow),
        Tags = Names(filter.Tags, $"{what}.tags"),
        Sites = Names(filter.Sites, $"{what}.sites"),
        Hardware = Names(filter.Hardware, $"{what}.hardware"),
        FloorFrom = filter.FloorFrom is { } from ? new SecurityVersion(from) : null,
        FloorBelow = filter.FloorBelow is { } below ? new SecurityVersion(below) : null,
    };

    /// <summary>Whether <paramref name="text"/> may name a site, a hardware revision, a tag or a stage: 1 to 64 characters, none of them a control character.</summary>
    public static bool IsName(string? text) => text is { Length: >= 1 and <= MaxName } && !text.Any(char.IsControl);

    private static StagePlan Read(StageDocument? stage)
    {
        if (stage is null || !IsName(stage.Name))
        {
            throw Demand.Wrong("stages", $"names of 1 to {MaxName} characters", stage is null ? "null" : $"{stage.Name.Length}");
        }

        if (stage.Count is not null && stage.Percent is not null)
        {
            throw Demand.Wrong("stages", "a count or a percent", "both");
        }

        return new StagePlan(stage.Name, Demand.Within(stage.Count, 1, MaxDevices, "count"))
        {
            Percent = Demand.Within(stage.Percent, 1, 100, "percent"),
            Filter = ReadFilter(stage.Filter, "stages.filter"),
            Strata = ReadStrata(stage.Strata ?? []),
            Cap = Demand.Within(stage.Cap, 1, MaxDevices, "cap"),
            Rate = ReadRate(stage),
            Soak = Demand.Minutes(stage.SoakMinutes, 1, MaxSoakMinutes, "soak_minutes") ?? TimeSpan.Zero,
            MinimumSample = Demand.Within(stage.MinimumSample, 1, MaxDevices, "minimum_sample"),
            SuccessPercent = Demand.Within(stage.SuccessPercent, 1, 100, "success_percent"),
            AbortAfterFailures = Demand.Within(stage.AbortAfterFailures, 1, MaxDevices, "abort_after_failures"),
            AbortAbovePercent = Demand.Within(stage.AbortAbovePercent, 1, 99, "abort_above_percent"),
        };
    }

    private static GrantRate? ReadRate(StageDocument stage)
    {
        if (Demand.Within(stage.GrantsPerMinute, 1, GrantRate.Max, "grants_per_minute") is not { } perMinute)
        {
            return stage.Ramp is null ? null : throw Demand.Wrong("ramp", "grants_per_minute to begin with", "none");
        }

        return stage.Ramp is not { } ramp ? new GrantRate(perMinute) : new GrantRate(perMinute)
        {
            FactorPercent = Demand.Within(ramp.FactorPercent, GrantRate.MinFactorPercent, GrantRate.MaxFactorPercent, "ramp.factor_percent"),
            Every = Demand.Minutes(ramp.EveryMinutes, 1, MaxSoakMinutes, "ramp.every_minutes")!.Value,
            UpTo = Demand.Within(ramp.UpTo, perMinute, GrantRate.Max, "ramp.up_to")!.Value,
        };
    }

    private static Strata ReadStrata(IReadOnlyList<string> names)
    {
        Strata strata = Strata.None;
        foreach (string name in names)
        {
            Strata next = name switch { "site" => Strata.Site, "hardware" => Strata.Hardware, _ => throw Demand.Wrong("strata", "site and hardware", name) };
            strata = strata.HasFlag(next) ? throw Demand.Wrong("strata", "each once", name) : strata | next;
        }

        return strata;
    }

    private static ImmutableArray<string> Names(IReadOnlyList<string>? names, string what)
    {
        names = Demand.AtMost(names ?? [], MaxNames, what);
        return names.All(IsName) ? [.. names] : throw Demand.Wrong(what, $"names of 1 to {MaxName} characters", "another");
    }
}
