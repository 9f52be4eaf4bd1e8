namespace Fota.UpdateServer.Rollouts;

/// <summary>What the stages and filters of a plan that somebody writes now have to keep to (docs/spec/rollouts.md, O-1 and O-2).</summary>
internal static class StageRules
{
    private const int MaxName = 64, MaxNames = 256, MaxDevices = 10_000_000, MaxMinutes = 129_600;

    public static void Require(IReadOnlyList<StageDocument> stages)
    {
        if (stages.Count is < 1 or > RolloutPlan.MaxStages)
        {
            throw Demand.Wrong("stages", $"1 to {RolloutPlan.MaxStages}", stages.Count);
        }

        foreach (StageDocument? stage in stages)
        {
            RequireSize(stage);
            Require(stage!);
        }

        if (stages.SkipLast(1).Any(static s => s.Count is null && s.Percent is null))
        {
            throw Demand.Wrong("stages", "a count or a percent in every stage but the last, which may take the rest", "none");
        }
    }

    public static void RequireFilter(FilterDocument? filter, string what)
    {
        if (filter is null)
        {
            return;
        }

        RequireNames(filter.Tags, $"{what}.tags");
        RequireNames(filter.Sites, $"{what}.sites");
        RequireNames(filter.Hardware, $"{what}.hardware");
        DeviceFilter read = StageReader.ReadFilter(filter);
        if ((read.VersionFrom, read.VersionBelow) is ({ } version, { } below) && version >= below)
        {
            throw Demand.Wrong($"{what}.version_below", $"above {version}, which is version_from", below);
        }

        if ((read.FloorFrom, read.FloorBelow) is ({ } floor, { } under) && floor >= under)
        {
            throw Demand.Wrong($"{what}.floor_below", $"above {floor}, which is floor_from", under);
        }
    }

    /// <summary>Whether <paramref name="text"/> may name a site, a hardware revision, a tag or a stage: 1 to 64 characters, none of them a control character.</summary>
    public static bool IsName(string? text) => text is { Length: >= 1 and <= MaxName } && !text.Any(char.IsControl);

    private static void RequireSize(StageDocument? stage)
    {
        if (stage is null || !IsName(stage.Name))
        {
            throw Demand.Wrong("stages", $"names of 1 to {MaxName} characters", stage is null ? "null" : $"{stage.Name.Length}");
        }

        if (stage.Count is not null && stage.Percent is not null)
        {
            throw Demand.Wrong("stages", "a count or a percent", "both");
        }

        Demand.Within(stage.Count, 1, MaxDevices, "count");
        Demand.Within(stage.Percent, 1, 100, "percent");
    }

    private static void Require(StageDocument stage)
    {
        RequireFilter(stage.Filter, "stages.filter");
        RequireStrata(stage.Strata ?? []);
        Demand.Within(stage.Cap, 1, MaxDevices, "cap");
        RequireRate(stage);
        Demand.Within(stage.SoakMinutes, 1, MaxMinutes, "soak_minutes");
        Demand.Within(stage.MinimumSample, 1, stage.Count ?? MaxDevices, "minimum_sample");
        Demand.Within(stage.SuccessPercent, 1, 100, "success_percent");
        Demand.Within(stage.AbortAfterFailures, 1, MaxDevices, "abort_after_failures");
        Demand.Within(stage.AbortAbovePercent, 1, 99, "abort_above_percent");
    }

    private static void RequireRate(StageDocument stage)
    {
        Demand.Within(stage.GrantsPerMinute, 1, GrantRate.Max, "grants_per_minute");
        if (stage.Ramp is not { } ramp)
        {
            return;
        }

        int perMinute = stage.GrantsPerMinute ?? throw Demand.Wrong("ramp", "grants_per_minute to begin with", "none");
        Demand.Within(ramp.FactorPercent, GrantRate.MinFactorPercent, GrantRate.MaxFactorPercent, "ramp.factor_percent");
        Demand.Within(ramp.EveryMinutes, 1, MaxMinutes, "ramp.every_minutes");
        Demand.Within(ramp.UpTo, perMinute, GrantRate.Max, "ramp.up_to");
    }

    private static void RequireStrata(IReadOnlyList<string> names)
    {
        Strata strata = Strata.None;
        foreach (string name in names)
        {
            Strata next = StageReader.StrataOf(name);
            strata = strata.HasFlag(next) ? throw Demand.Wrong("strata", "each once", name) : strata | next;
        }
    }

    private static void RequireNames(IReadOnlyList<string>? names, string what)
    {
        if (!Demand.AtMost(names ?? [], MaxNames, what).All(IsName))
        {
            throw Demand.Wrong(what, $"names of 1 to {MaxName} characters", "another");
        }
    }
}
