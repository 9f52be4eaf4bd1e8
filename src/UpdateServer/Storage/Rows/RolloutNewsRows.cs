using Fota.UpdateServer.AtRest;

namespace Fota.UpdateServer.Storage.Rows;

/// <summary>Puts together what the tables of rollouts hold.</summary>
internal static class RolloutNewsRows
{
    /// <summary>The rollouts of <paramref name="rollouts"/>, in their order.</summary>
    public static IReadOnlyList<RolloutNews> Join(IEnumerable<RolloutRow> rollouts, IEnumerable<StageRow> stages, IEnumerable<WayRow> ways, IEnumerable<MemberRow> members, AtRestKeys keys)
    {
        ILookup<long, StageRow> stagesOf = stages.ToLookup(static r => r.Rollout);
        ILookup<long, WayRow> waysOf = ways.ToLookup(static r => r.Rollout);
        ILookup<long, MemberRow> membersOf = members.ToLookup(static r => r.Rollout);
        return [.. rollouts.Select(r => new RolloutNews(r.ToHead(stagesOf[r.Number], waysOf[r.Number], keys), [.. membersOf[r.Number].Select(static m => m.ToMember())]))];
    }
}
