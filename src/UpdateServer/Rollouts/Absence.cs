namespace Fota.UpdateServer.Rollouts;

/// <summary>
/// Time in which nobody judged. While the server is away no device can be heard: that time is nobody's silence, and shows of no stage that it stays good.
/// </summary>
internal static class Absence
{
    /// <summary>Two evaluations further apart than this had nobody there between them.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>How exactly the moment of the last evaluation is kept: so that one which changes nothing is stored once in so long, and not with each check-in.</summary>
    public static readonly TimeSpan Grain = TimeSpan.FromMinutes(1);

    /// <summary>Notes that somebody judges now, and leaves out the time in which nobody did.</summary>
    public static void End(StepDraft draft)
    {
        DateTimeOffset last = draft.State.EvaluatedAt;
        TimeSpan gap = draft.Now - last;
        if (last != default && gap > Longest)
        {
            LeaveOut(draft, gap);
        }

        if (gap >= Grain)
        {
            draft.State = draft.State with { EvaluatedAt = draft.Now };
        }
    }

    private static void LeaveOut(StepDraft draft, TimeSpan gap)
    {
        if (draft.Plan.Timeout is not null)
        {
            foreach (Member member in draft.State.Members.Values.Where(static m => m.HoldsGrant))
            {
                draft.Set(member with { HeardAt = After(HeardAt(draft, member)) });
            }
        }

        if (draft.State.GoodSince is { } since)
        {
            draft.State = draft.State with { GoodSince = After(since) };
        }

        draft.Decide(DecisionKind.Gap, RolloutEngine.Name, $"nobody was judged for {gap}: that is neither silence nor soak time");

        // What is of the time in between, or of this moment, has no future for it.
        DateTimeOffset After(DateTimeOffset moment) => draft.Now - moment > gap ? moment + gap : draft.Now;
    }

    // A device that waits for a gate is there as long as it comes (O-51): its last coming is what the silence would be counted from.
    private static DateTimeOffset HeardAt(StepDraft draft, Member member) =>
        member.Deferral is not null && draft.Fleet.Find(member.Device)?.LastSeen is { } seen && seen > member.HeardAt ? seen : member.HeardAt;
}
