using System.Collections.Immutable;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Rollouts;

/// <summary>What this server holds in memory of devices and rollouts: the store's content as of one change. Immutable.</summary>
/// <param name="Number">The newest change in it.</param>
/// <param name="Fleet">Every device that ever checked in, and what operators say of devices.</param>
/// <param name="Rollouts">Every rollout, oldest first.</param>
internal sealed record FleetReplica(long Number, FleetMemory Fleet, ImmutableList<RolloutState> Rollouts)
{
    public static FleetReplica Empty { get; } = new(-1, new FleetMemory(ImmutableDictionary<DeviceId, DeviceRecord>.Empty, ImmutableDictionary<DeviceId, DeviceTraits>.Empty), []);

    /// <summary>The rollout with this id; null if there is none.</summary>
    public RolloutState? Find(string id) => Rollouts.Find(r => r.Plan.Id == id);

    /// <summary>The same with what changed since.</summary>
    public FleetReplica With(FleetNews news)
    {
        ImmutableList<RolloutState> rollouts = Rollouts;
        foreach (RolloutNews rollout in news.Rollouts)
        {
            RolloutState? before = Find(rollout.Head.Plan.Id);
            rollouts = before is null ? rollouts.Add(Whole(rollout)) : rollouts.Replace(before, After(before, rollout));
        }

        FleetMemory fleet = new(
            Fleet.Devices.SetItems(news.Devices.Select(static d => KeyValuePair.Create(d.Device, d))),
            Fleet.Traits.SetItems(news.Traits.Select(static t => KeyValuePair.Create(t.Device, t))))
        {
            ShutOut = news.ShutOut?.ToImmutableHashSet() ?? Fleet.ShutOut,
        };
        return new FleetReplica(news.Number, fleet, rollouts);
    }

    /// <summary>The same with what is worked out and about to be stored.</summary>
    public FleetReplica With(PendingChange pending) => this with { Fleet = pending.Fleet, Rollouts = pending.Rollouts };

    /// <summary>The same with when devices were seen.</summary>
    public FleetReplica With(IEnumerable<Sighting> seen) =>
        this with { Fleet = Fleet with { Devices = Fleet.Devices.SetItems(seen.Select(s => KeyValuePair.Create(s.Device, Fleet.Devices[s.Device].After(s)))) } };

    private static RolloutState Whole(RolloutNews news) => (news.Head with { Members = news.Members.ToImmutableDictionary(static m => m.Device) }).WithDerived();

    /// <summary>A plan does not change once its rollout has members, and everything that follows from members is kept up with each of them.</summary>
    private static RolloutState After(RolloutState before, RolloutNews news)
    {
        if (before.Members.IsEmpty)
        {
            return Whole(news);
        }

        RolloutState after = news.Head with
        {
            Plan = before.Plan,
            Members = before.Members,
            Tallies = before.Tallies,
            Deadlines = before.Deadlines,
            RecentGrants = before.RecentGrants,
        };
        foreach (Member member in news.Members.OrderBy(static m => m.GrantedAt))
        {
            bool isGranted = member.GrantedAt > (after.Members.GetValueOrDefault(member.Device)?.GrantedAt ?? default);
            after = after.With(member);
            after = isGranted ? after with { RecentGrants = after.RecentGrants.And(member.GrantedAt) } : after;
        }

        return after;
    }
}
