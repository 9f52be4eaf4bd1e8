namespace Fota.UpdateServer.Rollouts;

/// <summary>What people may ask of a rollout, and when.</summary>
internal static class RolloutCommands
{
    /// <summary>Does it; gives why it is not possible now, or null.</summary>
    public static string? Apply(StepDraft draft, RolloutEvent.Command command) => command switch
    {
        RolloutEvent.Edited edited => Edit(draft, edited),
        RolloutEvent.Approved approved => Approve(draft, approved),
        RolloutEvent.Started started => Start(draft, started),
        RolloutEvent.Paused => Pause(draft, command.By),
        RolloutEvent.Resumed => Resume(draft, command.By),
        RolloutEvent.Aborted aborted => End(draft, "abort", RolloutStatus.Aborted, DecisionKind.Aborted, aborted.By, aborted.Reason),
        RolloutEvent.Cancelled => End(draft, "cancel", RolloutStatus.Cancelled, DecisionKind.Cancelled, command.By, $"{command.By} cancelled it"),
        _ => throw new ArgumentOutOfRangeException(nameof(command)),
    };

    private static string? Edit(StepDraft draft, RolloutEvent.Edited edited)
    {
        if (WhyNot(draft, RolloutStatus.Draft, "edit") is { } refused)
        {
            return refused;
        }

        // Whoever approved, approved something else.
        draft.State = RolloutState.Draft(edited.Plan) with { Author = edited.By };
        draft.Decide(DecisionKind.Edited, edited.By, $"{edited.By} made it plan {PlanDocument.DigestOf(edited.Plan)}");
        return null;
    }

    private static string? Approve(StepDraft draft, RolloutEvent.Approved approved)
    {
        if (WhyNot(draft, RolloutStatus.Draft, "approve") is { } refused)
        {
            return refused;
        }

        if (approved.By == draft.State.Author)
        {
            return $"approve: wanted somebody else than {draft.State.Author}, who made the plan";
        }

        if (WhyNotFor(draft.Plan, approved) is { } other)
        {
            return other;
        }

        draft.State = draft.State with { Approval = new Approval(approved.By, draft.Now, approved.ManifestDigest, approved.PlanDigest) };
        draft.Decide(DecisionKind.Approved, approved.By, $"{approved.By} approved manifest {approved.ManifestDigest} by plan {approved.PlanDigest}");
        return null;
    }

    private static string? WhyNotFor(RolloutPlan plan, RolloutEvent.Approved approved) =>
        approved.ManifestDigest != plan.ManifestDigest ? $"approve: wanted manifest {plan.ManifestDigest}, got {approved.ManifestDigest}"
        : approved.PlanDigest != PlanDocument.DigestOf(plan) ? $"approve: wanted plan {PlanDocument.DigestOf(plan)}, got {approved.PlanDigest}"
        : null;

    private static string? Start(StepDraft draft, RolloutEvent.Started started)
    {
        if (WhyNot(draft, RolloutStatus.Draft, "start") is { } refused)
        {
            return refused;
        }

        if (started.NeedsApproval && !IsApproved(draft.State))
        {
            return $"start: wanted an approval by somebody else than {draft.State.Author}, who made the plan, got none";
        }

        StagePlan first = draft.Plan.Stages[0];
        FleetDevice[] left = [.. StageCourse.LeftOf(draft)];
        int size = first.SizeOf(left.Count(first.Filter.Matches), left.Length), strata = StageSelection.CountStrata(draft.Plan, first, left);
        if (size == 0)
        {
            return $"start: wanted at least one device of the product for stage {first.Name} that is not on the release already, got none";
        }

        if (size < first.MinimumSample || size < strata)
        {
            return size < strata
                ? $"start: wanted a first stage of at least {strata} devices, one of each stratum, got {size}"
                : $"start: wanted a first stage of at least {first.MinimumSample} devices, its minimum sample, got {size}";
        }

        draft.State = draft.State with { Status = RolloutStatus.Running, EvaluatedAt = draft.Now };
        draft.Decide(DecisionKind.Started, started.By, draft.State.Approval is { } approval ? $"{started.By} started it, as {approval.By} approved" : $"{started.By} started it");
        StageCourse.Begin(draft, 0, started.By);
        return null;
    }

    private static bool IsApproved(RolloutState state) =>
        state.Approval is { } approval && approval.By != state.Author && approval.ManifestDigest == state.Plan.ManifestDigest && approval.PlanDigest == PlanDocument.DigestOf(state.Plan);

    private static string? Pause(StepDraft draft, string by)
    {
        if (WhyNot(draft, RolloutStatus.Running, "pause") is { } refused)
        {
            return refused;
        }

        draft.State = draft.State with { Status = RolloutStatus.Paused };
        draft.Decide(DecisionKind.Paused, by, $"{by} paused it");
        return null;
    }

    private static string? Resume(StepDraft draft, string by)
    {
        if (WhyNot(draft, RolloutStatus.Paused, "resume") is { } refused)
        {
            return refused;
        }

        // Whatever made somebody stop may still be there: the rate of grants grows anew.
        draft.State = draft.State with { Status = RolloutStatus.Running, RampSince = draft.Now };
        draft.Decide(DecisionKind.Resumed, by, $"{by} resumed it");
        StageCourse.Evaluate(draft); // reports came in meanwhile
        return null;
    }

    private static string? End(StepDraft draft, string what, RolloutStatus status, DecisionKind kind, string by, string reason)
    {
        if (draft.State.IsOver)
        {
            return $"{what}: wanted a rollout that is not over, got one that is {NameOf(draft.State.Status)}";
        }

        StageCourse.End(draft, status, kind, by, reason, draft.State.Stage);
        return null;
    }

    private static string? WhyNot(StepDraft draft, RolloutStatus wanted, string what) =>
        draft.State.Status == wanted ? null : $"{what}: wanted a rollout that is {NameOf(wanted)}, got one that is {NameOf(draft.State.Status)}";

    private static string NameOf(RolloutStatus status) => status.ToString().ToLowerInvariant();
}
