namespace Fota.UpdateServer.Rollouts;

/// <summary>What was decided about a rollout.</summary>
internal enum DecisionKind
{
    None = 0,
    Created,
    Edited,
    Approved,
    Started,
    Paused,
    Resumed,

    /// <summary>A stage began.</summary>
    StageBegun,

    /// <summary>A stage found no device and was passed.</summary>
    StagePassed,

    /// <summary>Devices were silent for too long and have failed.</summary>
    Silence,

    /// <summary>Nobody was judged for a while: the server was away.</summary>
    Gap,

    /// <summary>Devices that cannot come any more were let go, as neither success nor failure.</summary>
    DevicesLeft,

    /// <summary>All of a stage have come to an end and it is not good: by itself nothing more comes of it.</summary>
    Stalled,
    Completed,
    Aborted,
    Cancelled,
}

/// <summary>An entry of the audit: one decision, and what it rested on.</summary>
/// <param name="At">When.</param>
/// <param name="Kind">What.</param>
/// <param name="By">Who; <see cref="RolloutEngine.Name"/> where the plan decided.</param>
/// <param name="Stage">Index of the stage that it was about; -1 in a draft.</param>
/// <param name="Why">In one sentence, for people.</param>
/// <param name="Figures">What was known.</param>
internal sealed record RolloutDecision(DateTimeOffset At, DecisionKind Kind, string By, int Stage, string Why, DecisionFigures Figures);

/// <summary>What a decision rested on.</summary>
/// <param name="Stage">The stage that it was about; where a stage begins or is passed, the one before it.</param>
/// <param name="All">All stages together.</param>
/// <param name="GoodSince">Since when that stage had been good; null if it was not.</param>
internal sealed record DecisionFigures(StageTally Stage, StageTally All, DateTimeOffset? GoodSince)
{
    /// <summary>Lower bounds of the share of failures, 0 to 1: the larger one of signing and not signing devices.</summary>
    public double StageFailures => Bound(Stage);

    public double AllFailures => Bound(All);

    public static DecisionFigures Of(RolloutState state, int stage) => new(stage < 0 ? default : state.Tallies[stage], state.All, stage == state.Stage ? state.GoodSince : null);

    private static double Bound(StageTally t) => Math.Max(FailureShare.LowerBound(t.Signed.Failed, t.Signed.Settled), FailureShare.LowerBound(t.Unsigned.Failed, t.Unsigned.Settled));
}
