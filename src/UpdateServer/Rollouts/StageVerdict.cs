namespace Fota.UpdateServer.Rollouts;

/// <summary>Why a rollout has to be aborted.</summary>
/// <param name="Why">In one sentence, for people.</param>
/// <param name="Stage">The stage whose threshold was reached, or that runs where it was the plan's.</param>
internal sealed record AbortCause(string Why, int Stage);

/// <summary>Judges how a rollout goes, by its tallies alone. Aborting is asked first, always.</summary>
internal static class StageVerdict
{
    /// <summary>Why the rollout has to be aborted; null if it has not.</summary>
    public static AbortCause? WhyAbort(RolloutState state)
    {
        RolloutPlan plan = state.Plan;
        StageTally all = state.All;
        if (Breaks(all, plan.AbortAfterFailures, plan.AbortAbovePercent))
        {
            return new AbortCause(Why(all, plan.AbortAfterFailures, plan.AbortAbovePercent, "devices", "the plan"), state.Stage);
        }

        for (int i = 0; i <= state.Stage; i++)
        {
            StagePlan stage = plan.Stages[i];
            if (Breaks(state.Tallies[i], stage.AbortAfterFailures, stage.AbortAbovePercent))
            {
                return new AbortCause(Why(state.Tallies[i], stage.AbortAfterFailures, stage.AbortAbovePercent, $"devices of stage {stage.Name}", "the stage"), i);
            }
        }

        return null;
    }

    /// <summary>
    /// Whether a stage has gone well: of the devices that sign their reports, and of those that do not, each for themselves, enough have come to an end, and of these
    /// enough have succeeded. That all have come to an end is not success.
    /// </summary>
    public static bool IsGood(StagePlan stage, StageTally tally) => tally.Both.Members > 0 && IsGood(stage, tally.Signed) && IsGood(stage, tally.Unsigned);

    /// <summary>By what those that were let go keep a stage from being good whose other members have come to an end; null for nothing.</summary>
    public static string? WhyShort(StagePlan stage, StageTally tally) => WhyShort(stage, tally.Signed, "") ?? WhyShort(stage, tally.Unsigned, " that sign nothing");

    private static string? WhyShort(StagePlan stage, Tally tally, string which) => tally.Settled < SampleOf(stage, tally)
        ? $"of {tally.Taken} members{which} {tally.Left} were let go, and the {tally.Settled} that have come to an end are fewer than its sample of {SampleOf(stage, tally)}"
        : null;

    // A number that was asked for, and approved, does not become smaller by letting members go; without one it is all that can come, and never nobody.
    private static int SampleOf(StagePlan stage, Tally tally) => Math.Min(stage.MinimumSample ?? Math.Max(1, tally.Members), tally.Taken);

    private static bool IsGood(StagePlan stage, Tally tally) => tally.Taken == 0
        || (tally.Settled >= SampleOf(stage, tally)
            && tally.Succeeded > 0
            && (long)tally.Succeeded * 100 >= (long)(stage.SuccessPercent ?? 0) * tally.Settled);

    // A failure is one whatever stands behind it: a false one costs time, a missed one devices.
    private static bool Breaks(StageTally tally, int? afterFailures, int? abovePercent) =>
        tally.Both.Failed >= afterFailures || (abovePercent is { } percent && (FailureShare.IsAbove(percent, tally.Signed) || FailureShare.IsAbove(percent, tally.Unsigned)));

    private static string Why(StageTally tally, int? afterFailures, int? abovePercent, string whose, string which)
    {
        Tally both = tally.Both;
        if (both.Failed >= afterFailures)
        {
            return $"{both.Failed} of {both.Members} {whose} failed; {which} aborts at {afterFailures}";
        }

        bool signed = FailureShare.IsAbove(abovePercent!.Value, tally.Signed);
        Tally worst = signed ? tally.Signed : tally.Unsigned;
        return $"{worst.Failed} of {worst.Settled} {whose}{(signed ? "" : " that sign nothing")} that have come to an end failed, beyond doubt more than "
            + $"{FailureShare.LowerBound(worst.Failed, worst.Settled):P1}; {which} aborts above {abovePercent} %";
    }
}
