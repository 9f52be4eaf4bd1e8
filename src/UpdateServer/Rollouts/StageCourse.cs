namespace Fota.UpdateServer.Rollouts;

/// <summary>How a rollout goes from stage to stage, and to its end.</summary>
internal static class StageCourse
{
    /// <summary>Judges: who was away or silent first, then who cannot come any more, then failures, and success last.</summary>
    public static void Evaluate(StepDraft draft)
    {
        if (!draft.State.Unjudged.IsEmpty)
        {
            draft.State = draft.State with { Unjudged = draft.State.Unjudged.Clear() };
        }

        if (!draft.State.IsActive)
        {
            return;
        }

        Absence.End(draft);
        FailTheSilent(draft);
        Departures.LetGo(draft, draft.Fleet.ShutOut, RolloutEngine.Name, "an administrator shut them out");
        if (StageVerdict.WhyAbort(draft.State) is { } cause)
        {
            End(draft, RolloutStatus.Aborted, DecisionKind.Aborted, RolloutEngine.Name, cause.Why, cause.Stage);
            return;
        }

        bool good = StageVerdict.IsGood(draft.Stage, draft.State.Tallies[draft.State.Stage]);
        if (good != draft.State.GoodSince is not null)
        {
            draft.State = draft.State with { GoodSince = good ? draft.Now : null };
        }

        if (!good)
        {
            NoteStall(draft);
        }

        if (draft.State.Status == RolloutStatus.Running && draft.State.GoodSince is { } since && draft.Now - since >= draft.Stage.Soak)
        {
            Begin(draft, draft.State.Stage + 1, RolloutEngine.Name);
        }
    }

    /// <summary>Takes the members of a stage. One that finds nobody is passed, as there is nothing to prove in it; after the last one the rollout is complete.</summary>
    public static void Begin(StepDraft draft, int stage, string by)
    {
        // The figures of the stage that is left are noted before it is left.
        RolloutPlan plan = draft.Plan;
        FleetDevice[] left = [.. LeftOf(draft)];
        int all = draft.State.All.Both.Members + left.Length;
        for (; stage < plan.Stages.Length; stage++)
        {
            IReadOnlyList<FleetDevice> taken = StageSelection.Take(plan, plan.Stages[stage], left, all);
            if (taken.Count == 0)
            {
                draft.Decide(DecisionKind.StagePassed, by, $"stage {plan.Stages[stage].Name} means none of the {left.Length} devices that are left", stage, draft.State.Stage);
                continue;
            }

            draft.Decide(DecisionKind.StageBegun, by, $"stage {plan.Stages[stage].Name} begins with {taken.Count} of the {left.Length} devices that are left", stage, draft.State.Stage);
            draft.State = draft.State with { Stage = stage, RampSince = draft.Now, GoodSince = null };
            foreach (FleetDevice device in taken)
            {
                draft.Set(Member.Taken(draft.State.Members.GetValueOrDefault(device.Device), device, stage));
            }

            return;
        }

        End(draft, RolloutStatus.Completed, DecisionKind.Completed, by, null, draft.State.Stage);
    }

    /// <summary>The devices that the plan means and no stage has taken, or that left and are back.</summary>
    public static IEnumerable<FleetDevice> LeftOf(StepDraft draft) =>
        draft.Fleet.Devices.Where(d => StageSelection.IsMeant(draft.Plan, d) && draft.State.Members.GetValueOrDefault(d.Device) is null or { Status: MemberStatus.Left });

    /// <summary>Ends it. Whoever has not begun is not asked any more.</summary>
    /// <param name="draft">The step.</param>
    /// <param name="status">As what it ends.</param>
    /// <param name="kind">What is decided by that.</param>
    /// <param name="by">Who decides.</param>
    /// <param name="reason">Why; null where every stage is done.</param>
    /// <param name="stage">The stage whose figures it rests on.</param>
    public static void End(StepDraft draft, RolloutStatus status, DecisionKind kind, string by, string? reason, int stage)
    {
        draft.Decide(kind, by, reason ?? Completion(draft.State.All.Both), stage, stage);
        foreach (Member member in draft.State.Members.Values.Where(static m => m.Status == MemberStatus.Granted))
        {
            draft.Set(member with { Status = MemberStatus.Withdrawn, Deferral = null });
        }

        draft.State = draft.State with { Status = status, Reason = reason };
    }

    private static string Completion(Tally all) => all.Waiting + all.InFlight == 0
        ? "every stage is done"
        : $"every stage is done; {all.Waiting} members were not asked, and {all.InFlight} have not come to an end";

    /// <summary>Said once in a stage: whoever waits for it would wait for ever.</summary>
    private static void NoteStall(StepDraft draft)
    {
        Tally members = draft.State.Tallies[draft.State.Stage].Both;
        if (!draft.State.Stalled && members.Settled == members.Members)
        {
            draft.State = draft.State with { Stalled = true };
            string said = $"all {members.Members} members of stage {draft.Stage.Name} have come to an end, {members.Failed} of them failed, and it is not good";
            draft.Decide(DecisionKind.Stalled, RolloutEngine.Name, StageVerdict.WhyShort(draft.Stage, draft.State.Tallies[draft.State.Stage]) is { } why ? $"{said}: {why}" : said);
        }
    }

    private static void FailTheSilent(StepDraft draft)
    {
        int failed = 0;
        while (draft.State.Deadlines is [{ } due, ..] && due.At <= draft.Now)
        {
            Member member = draft.State.Members[due.Device];
            DateTimeOffset seen = draft.Fleet.Find(due.Device)?.LastSeen ?? DateTimeOffset.MinValue;

            // A device that waits for a gate says so once, and is there as long as it comes at all.
            if (member.Deferral is not null && seen > draft.Now - draft.Plan.Timeout!.Value)
            {
                draft.Set(member with { HeardAt = seen < draft.Now ? seen : draft.Now });
                continue;
            }

            draft.Set(member with { Status = MemberStatus.Failed, Silent = true, Deferral = null });
            failed++;
        }

        if (failed > 0)
        {
            draft.Decide(DecisionKind.Silence, RolloutEngine.Name, $"{failed} devices said nothing for {draft.Plan.Timeout} and have failed");
        }
    }
}
