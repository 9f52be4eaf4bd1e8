using Fota.Manifest.Reports;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Rollouts;

/// <summary>
/// Decides. It has no clock, no database and no chance in it: the same state, event and fleet give the same step, so that what happened can be
/// played again.
/// </summary>
internal static class RolloutEngine
{
    /// <summary>What <paramref name="happened"/> does to <paramref name="state"/>; <paramref name="fleet"/> are all devices of the product, read only when a stage begins.</summary>
    public static RolloutStep Apply(RolloutState state, RolloutEvent happened, IEnumerable<FleetDevice> fleet)
    {
        Draft draft = new(state);
        string? refused = happened switch
        {
            RolloutEvent.Started => Start(draft, fleet),
            RolloutEvent.Paused => Move(draft, RolloutStatus.Running, RolloutStatus.Paused, "pause"),
            RolloutEvent.Resumed => Resume(draft, fleet),
            RolloutEvent.Aborted aborted => Abort(draft, aborted.Reason),
            RolloutEvent.Asked asked => Ask(draft, asked.Device),
            RolloutEvent.Reported reported => Report(draft, reported, fleet),
            _ => throw new ArgumentOutOfRangeException(nameof(happened)),
        };
        return refused is null ? draft.ToStep() : new RolloutStep(state, [], refused);
    }

    private static string? Start(Draft draft, IEnumerable<FleetDevice> fleet)
    {
        if (Move(draft, RolloutStatus.Draft, RolloutStatus.Running, "start") is { } refused)
        {
            return refused;
        }

        BeginStage(draft, 0, fleet);
        return draft.State.Members.IsEmpty ? "start: wanted at least one device of the product that is not on the release already, got none" : null;
    }

    private static string? Resume(Draft draft, IEnumerable<FleetDevice> fleet)
    {
        string? refused = Move(draft, RolloutStatus.Paused, RolloutStatus.Running, "resume");
        if (refused is null)
        {
            Evaluate(draft, fleet); // confirmations came in meanwhile
        }

        return refused;
    }

    private static string? Abort(Draft draft, string reason)
    {
        if (draft.State.IsOver)
        {
            return $"abort: wanted a rollout that is not over, got one that is {draft.State.Status.ToString().ToLowerInvariant()}";
        }

        End(draft, reason);
        return null;
    }

    private static string? Ask(Draft draft, FleetDevice asking)
    {
        RolloutState state = draft.State;
        if (state.Status != RolloutStatus.Running)
        {
            return null;
        }

        if (state.Members.TryGetValue(asking.Device, out Member? member))
        {
            if (member.Status == MemberStatus.Waiting && member.Stage == state.Stage)
            {
                draft.Set(member with { Status = MemberStatus.Granted });
            }
        }
        else if (state.Plan.Stages[state.Stage].Count is null && asking.ConfirmedDigest != state.Plan.ManifestDigest)
        {
            // "All that are left" includes those that turn up while that stage runs.
            draft.Set(new Member(asking.Device, state.Stage, MemberStatus.Granted));
        }

        return null;
    }

    private static string? Report(Draft draft, RolloutEvent.Reported reported, IEnumerable<FleetDevice> fleet)
    {
        RolloutPlan plan = draft.State.Plan;
        DeviceReport report = reported.Report.Content;
        if (report.Deployment != plan.DeploymentOf(reported.Device)
            || !draft.State.Members.TryGetValue(reported.Device, out Member? member)
            || Next(member.Status, report, plan) is not { } next)
        {
            return null;
        }

        Member after = member with { Status = next, Deferral = report.State == ReportState.Deferred ? report.Detail ?? report.Reason.ToString() : null };
        if (after == member)
        {
            return null;
        }

        draft.Set(after);
        Evaluate(draft, fleet);
        return null;
    }

    /// <summary>A member's status after a report; null when the report says nothing to it.</summary>
    private static MemberStatus? Next(MemberStatus status, DeviceReport report, RolloutPlan plan)
    {
        // Who was never asked cannot answer, and what is final stays so (A46).
        if (status is not (MemberStatus.Granted or MemberStatus.Begun or MemberStatus.Withdrawn))
        {
            return null;
        }

        return report.State switch
        {
            ReportState.Installing or ReportState.Activated => status == MemberStatus.Withdrawn ? null : MemberStatus.Begun,

            // P9. That another release than the one asked for was confirmed is not what the rollout wanted: a failure.
            ReportState.Confirmed => report.ManifestDigest == plan.ManifestDigest ? MemberStatus.Confirmed : MemberStatus.Failed,
            ReportState.Failed or ReportState.RolledBack => MemberStatus.Failed,

            // It waits for a gate of its own, and keeps its grant.
            ReportState.Deferred => status == MemberStatus.Withdrawn ? null : status,
            _ => null,
        };
    }

    private static void Evaluate(Draft draft, IEnumerable<FleetDevice> fleet)
    {
        RolloutState state = draft.State;

        // Failures are counted over all stages, and before any success.
        int failures = state.Count(MemberStatus.Failed);
        if (state.IsActive && failures >= state.Plan.AbortAfterFailures)
        {
            End(draft, $"{failures} of {state.Members.Count} devices failed; the plan aborts at {state.Plan.AbortAfterFailures}");
            return;
        }

        // That every member has come to an end is not success: one at least has to have confirmed.
        if (state.Status == RolloutStatus.Running
            && state.Members.Values.Where(m => m.Stage == state.Stage).All(static m => m.IsTerminal)
            && state.Count(MemberStatus.Confirmed, state.Stage) > 0)
        {
            BeginStage(draft, state.Stage + 1, fleet);
        }
    }

    /// <summary>Takes the members of a stage; one that finds nobody left is passed, as there is nothing to prove in it.</summary>
    private static void BeginStage(Draft draft, int stage, IEnumerable<FleetDevice> fleet)
    {
        RolloutPlan plan = draft.State.Plan;
        FleetDevice[] left = [.. fleet
            .Where(d => d.ConfirmedDigest != plan.ManifestDigest && !draft.State.Members.ContainsKey(d.Device))
            .OrderBy(d => Convert.ToHexString(plan.RankOf(d.Device)), StringComparer.Ordinal)];
        if (stage == plan.Stages.Length || left.Length == 0)
        {
            draft.State = draft.State with { Status = RolloutStatus.Completed };
            return;
        }

        draft.State = draft.State with { Stage = stage };
        foreach (FleetDevice device in left.Take(plan.Stages[stage].Count ?? left.Length))
        {
            draft.Set(new Member(device.Device, stage, MemberStatus.Waiting));
        }
    }

    private static void End(Draft draft, string reason)
    {
        draft.State = draft.State with { Status = RolloutStatus.Aborted, Reason = reason };
        foreach (Member member in draft.State.Members.Values.Where(static m => m.Status == MemberStatus.Granted))
        {
            draft.Set(member with { Status = MemberStatus.Withdrawn, Deferral = null });
        }
    }

    private static string? Move(Draft draft, RolloutStatus from, RolloutStatus to, string what)
    {
        if (draft.State.Status != from)
        {
            return $"{what}: wanted a rollout that is {from.ToString().ToLowerInvariant()}, got one that is {draft.State.Status.ToString().ToLowerInvariant()}";
        }

        draft.State = draft.State with { Status = to };
        return null;
    }

    /// <summary>A step in the making.</summary>
    private sealed class Draft(RolloutState state)
    {
        private readonly Dictionary<DeviceId, Member> _changed = [];

        public RolloutState State { get; set; } = state;

        public void Set(Member member)
        {
            State = State with { Members = State.Members.SetItem(member.Device, member) };
            _changed[member.Device] = member;
        }

        public RolloutStep ToStep() => new(State, _changed.Values);
    }
}
