namespace Fota.UpdateServer.Rollouts;

/// <summary>Says whether a device that asks is given its assignment now. That it is not is no decision: it asks again.</summary>
internal static class GrantRules
{
    /// <summary>Gives it, if everything allows it.</summary>
    public static void Ask(StepDraft draft, FleetDevice asking)
    {
        RolloutState state = draft.State;
        bool known = state.Members.TryGetValue(asking.Device, out Member? member) && member.Status != MemberStatus.Left;
        if (state.Status != RolloutStatus.Running || asking.IsShutOut || (known ? member!.Status != MemberStatus.Waiting : !IsNewcomer(draft, asking)))
        {
            return;
        }

        // What was reported and not yet judged stops grants already.
        if (StageVerdict.WhyAbort(state) is not null)
        {
            return;
        }

        if (!known)
        {
            member = Member.Taken(member, asking, state.Stage);
            draft.Set(member);
        }

        if (!TryFindNext(draft.Plan, asking, out int? via))
        {
            return;
        }

        if (via <= member!.Passed)
        {
            // It confirmed this release, or a later one, and says that it runs an older one: asking again would have no end.
            draft.Set(member with { Status = MemberStatus.Failed });
            draft.State = draft.State with { Unjudged = draft.State.Unjudged.Remove(asking.Device) };
            return;
        }

        if (MayBeAsked(draft, member, asking) && draft.Plan.ReleaseOf(via).SecurityVersion >= asking.Floor) // else it would refuse (promise P4)
        {
            draft.Set(member with { Status = MemberStatus.Granted, Via = via, GrantedAt = draft.Now, HeardAt = draft.Now, Ordinal = 0 });
            draft.State = draft.State with { RecentGrants = draft.State.RecentGrants.And(draft.Now), Unjudged = draft.State.Unjudged.Remove(asking.Device) };
        }
    }

    /// <summary>"All that are left" includes those that turn up while that stage runs.</summary>
    private static bool IsNewcomer(StepDraft draft, FleetDevice asking) =>
        draft.Plan.TakesNewcomers && draft.Stage.TakesRest && StageSelection.IsMeant(draft.Plan, asking) && draft.Stage.Filter.Matches(asking);

    private static bool MayBeAsked(StepDraft draft, Member member, FleetDevice asking)
    {
        RolloutState state = draft.State;
        return (draft.Stage.Cap is not { } cap || state.All.Both.InFlight < cap)
            && (draft.Stage.Rate is not { } rate || state.RecentGrants.At(draft.Now).Count < rate.At(draft.Now - state.RampSince))

            // Not twice within a minute: what fails at once does not come back at once, and the last minute's grants follow from the members.
            && (member.Serial == 0 || draft.Now - member.GrantedAt >= GrantRate.Window)
            && draft.Plan.Windows?.AreOpenFor(asking, draft.TrueNow) != false;
    }

    /// <summary>The first release on the way that is newer than what the device runs, or the plan's own (null). There is none for a device whose version is not known.</summary>
    private static bool TryFindNext(RolloutPlan plan, FleetDevice asking, out int? via)
    {
        via = null;
        for (int i = 0; i < plan.PassThrough.Length && via is null; i++)
        {
            if (asking.Version is null)
            {
                return false;
            }

            via = asking.Version < plan.PassThrough[i].Version ? i : null;
        }

        return true;
    }
}
