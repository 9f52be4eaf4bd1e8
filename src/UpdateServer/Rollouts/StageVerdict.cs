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
    /// Whether a stage has gone well: enough of its devices have come to an end, and of those that sign their reports, and of those that do not, each for themselves, enough have, and
    /// enough of these have succeeded. That all have come to an end is not success. What signs is not made up for by what does not.
    /// </summary>
    public static bool IsGood(StagePlan stage, StageTally tally) =>
        tally.Both.Members > 0 && WhyShort(stage, tally) is null && (tally.Signed.Taken == 0 || HasSucceeded(stage, tally.Signed)) && (tally.Unsigned.Members == 0 || HasSucceeded(stage, tally.Unsigned));

    /// <summary>What is missing from the sample of a stage, as a sentence that holds where all have come to an end that were not let go; null for nothing.</summary>
    public static string? WhyShort(StagePlan stage, StageTally tally)
    {
        // A number that was asked for, and approved, does not become smaller by letting members go; without one it is all that can come, and never nobody.
        Tally both = tally.Both;
        return WhyShort(both, Math.Min(stage.MinimumSample ?? Math.Max(1, both.Members), both.Taken), "")
            ?? WhyShort(tally.Signed, tally.Signed.Taken == 0 ? 0 : HalfOf(stage, tally.Signed), " that sign")
            ?? WhyShort(tally.Unsigned, tally.Unsigned.Members == 0 ? 0 : HalfOf(stage, tally.Unsigned), " that sign nothing");
    }

    private static string? WhyShort(Tally tally, int sample, string which) => tally.Settled < sample
        ? $"of {tally.Taken} members{which} {tally.Left} were let go, and the {tally.Settled} that have come to an end are fewer than its sample of {sample}"
        : null;

    /// <summary>The sample of those that sign, or of those that do not. So few that they could never be one are all waited for that can come: the stage as a whole has its sample.</summary>
    private static int HalfOf(StagePlan stage, Tally half) => stage.MinimumSample is { } sample && half.Taken >= sample ? sample : Math.Max(1, half.Members);

    private static bool HasSucceeded(StagePlan stage, Tally tally) => tally.Succeeded > 0 && (long)tally.Succeeded * 100 >= (long)(stage.SuccessPercent ?? 0) * tally.Settled;

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
