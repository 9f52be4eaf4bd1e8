using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Rollouts;

/// <summary>A step in the making.</summary>
internal sealed class StepDraft(RolloutState from, DateTimeOffset now, IFleet fleet)
{
    private readonly RolloutState _before = from;
    private readonly Dictionary<DeviceId, Member> _changed = [];
    private readonly List<RolloutDecision> _decisions = [];

    public RolloutState State { get; set; } = from;

    /// <summary>All devices of the product.</summary>
    public IFleet Fleet { get; } = fleet;

    /// <summary>When it happens, in the rollout's own time, which does not run backwards.</summary>
    public DateTimeOffset Now { get; } = now > from.Clock ? now : from.Clock;

    /// <summary>When it happens by the clock of whoever saw it: what clocks on walls are held against.</summary>
    public DateTimeOffset TrueNow { get; } = now;

    public RolloutPlan Plan => State.Plan;

    /// <summary>The stage that runs.</summary>
    public StagePlan Stage => Plan.Stages[State.Stage];

    /// <summary>Adds a member or puts it in place of what it was, and keeps up what follows from it.</summary>
    public void Set(Member member)
    {
        State = State.With(member);
        _changed[member.Device] = member;
    }

    /// <summary>Notes a decision about the stage that runs, with the figures of this moment.</summary>
    public void Decide(DecisionKind kind, string by, string why) => Decide(kind, by, why, State.Stage, State.Stage);

    /// <summary>Notes a decision about <paramref name="stage"/> that rests on the figures of <paramref name="figures"/>.</summary>
    public void Decide(DecisionKind kind, string by, string why, int stage, int figures) => _decisions.Add(new RolloutDecision(Now, kind, by, stage, why, DecisionFigures.Of(State, figures)));

    public RolloutStep ToStep() => ReferenceEquals(State, _before)
        ? new RolloutStep(_before, [])
        : new RolloutStep(State with { Clock = Now }, _changed.Values) { Decisions = _decisions };
}
