namespace Fota.UpdateServer.Rollouts;

/// <summary>Judges how a rollout goes, by its tallies alone. Aborting is asked first, always.</summary>
internal static class StageVerdict
{
    /// <summary>Why the rollout has to be aborted; null if it has not.</summary>
    public static string? WhyAbort(RolloutState state)
    {
        RolloutPlan plan = state.Plan;
        StageTally all = state.All;
        return WhyAbort(all, plan.AbortAfterFailures, plan.AbortAbovePercent, "devices", "the plan")
            ?? plan.Stages.Take(state.Stage + 1)
                .Select((stage, i) => WhyAbort(state.Tallies[i], stage.AbortAfterFailures, stage.AbortAbovePercent, $"devices of stage {stage.Name}", "the stage"))
                .FirstOrDefault(static why => why is not null);
    }

    /// <summary>
    /// Whether a stage has gone well: of the devices that sign their reports, and of those that do not, each for themselves, enough have come to an end, and of these
    /// enough have succeeded. That all have come to an end is not success.
    /// </summary>
    public static bool IsGood(StagePlan stage, StageTally tally) => tally.Both.Members > 0 && IsGood(stage, tally.Signed) && IsGood(stage, tally.Unsigned);

    /// <summary>How many of <paramref name="members"/> have to have come to an end.</summary>
    public static int SampleOf(StagePlan stage, int members) => Math.Min(stage.MinimumSample ?? members, members);

    private static bool IsGood(StagePlan stage, Tally tally) => tally.Members == 0
        || (tally.Settled >= SampleOf(stage, tally.Members)
            && tally.Succeeded > 0
            && (long)tally.Succeeded * 100 >= (long)(stage.SuccessPercent ?? 0) * tally.Settled);

    private static string? WhyAbort(StageTally tally, int? afterFailures, int? abovePercent, string whose, string which)
    {
        // A failure is one whatever stands behind it: a false one costs time, a missed one devices.
        Tally both = tally.Both;
        if (both.Failed >= afterFailures)
        {
            return $"{both.Failed} of {both.Members} {whose} failed; {which} aborts at {afterFailures}";
        }

        return abovePercent is { } percent
            ? WhyAbort(tally.Signed, percent, whose, which) ?? WhyAbort(tally.Unsigned, percent, $"{whose} that sign nothing", which)
            : null;
    }

    private static string? WhyAbort(Tally tally, int percent, string whose, string which) => FailureShare.IsAbove(percent, tally)
        ? $"{tally.Failed} of {tally.Settled} {whose} that have come to an end failed, beyond doubt more than {FailureShare.LowerBound(tally.Failed, tally.Settled):P1}; {which} aborts above {percent} %"
        : null;
}
