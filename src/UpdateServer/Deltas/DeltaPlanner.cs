using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Deltas;

/// <summary>
/// Says which delta packs are worth making, and in which order: from each image that devices report, to the newest listed release of their product and to that of
/// each rollout that is not over; those for most devices first.
/// </summary>
internal sealed class DeltaPlanner(PublishedImages images, ReleaseCatalog catalog, RolloutCoordinator coordinator)
{
    private volatile HashSet<(Sha256Digest?, ImageSlot?)> _known = [];

    /// <summary>The slot that the device runs for good; null while it tries another one.</summary>
    public static ImageSlot? RunningSlot(DeviceRecord device) => device.State == ReportState.Activated ? null : (ImageSlot)device.Slot;

    /// <summary>Whether the newest plan that was worked on was made without a device that has what this one has.</summary>
    public bool IsNews(DeviceRecord device) => device.ConfirmedDigest is not null && !_known.Contains((device.ConfirmedDigest, RunningSlot(device)));

    /// <summary>The plan of this moment, to be looked at.</summary>
    public IReadOnlyList<WantedDelta> Plan() => Plan(out _);

    /// <summary>The plan of this moment, to be worked on: what it was made for is no news any more.</summary>
    public IReadOnlyList<WantedDelta> PlanToMake()
    {
        IReadOnlyList<WantedDelta> plan = Plan(out HashSet<(Sha256Digest?, ImageSlot?)> known);
        _known = known;
        return plan;
    }

    private List<WantedDelta> Plan(out HashSet<(Sha256Digest?, ImageSlot?)> known)
    {
        images.Refresh();
        ILookup<ProductName, ReleaseImages> targets = Targets();
        Dictionary<DeltaKey, WantedDelta> wanted = [];
        known = [];
        foreach (var group in coordinator.Devices.GroupBy(static d => (d.Product, d.ConfirmedDigest, Slot: RunningSlot(d))))
        {
            known.Add((group.Key.ConfirmedDigest, group.Key.Slot));
            if (images.Find(group.Key.ConfirmedDigest) is { } from)
            {
                Add(wanted, from, targets[group.Key.Product], group.Key.Slot, group.Count());
            }
        }

        return [.. wanted.Values
            .OrderByDescending(static w => w.Devices)
            .ThenBy(static w => w.Base.ImageDigest.ToString(), StringComparer.Ordinal)
            .ThenBy(static w => w.Image.ImageDigest.ToString(), StringComparer.Ordinal)];
    }

    private static void Add(Dictionary<DeltaKey, WantedDelta> wanted, ReleaseImages from, IEnumerable<ReleaseImages> targets, ImageSlot? slot, int devices)
    {
        // An agent takes no release whose sequence number is not above its own.
        IEnumerable<ReleaseImages> taken = targets.Where(to => to.Content.Sequence > from.Content.Sequence);

        // Two releases may hold one image: a device counts once for it.
        foreach (WantedDelta delta in taken.SelectMany(to => from.PairsWith(to, slot).Select(pair => new WantedDelta(from, to, pair.Base, pair.Image, devices))).DistinctBy(static d => d.Key))
        {
            wanted[delta.Key] = wanted.TryGetValue(delta.Key, out WantedDelta? before) ? before with { Devices = before.Devices + devices } : delta;
        }
    }

    private ILookup<ProductName, ReleaseImages> Targets()
    {
        IEnumerable<Sha256Digest> newest = catalog.Current.Releases.GroupBy(static r => r.Product).Select(static g => g.MaxBy(static r => r.Sequence.Value)!.ManifestDigest);
        IEnumerable<Sha256Digest> planned = coordinator.Rollouts.Where(static r => !r.IsOver).SelectMany(static r => r.Plan.PassThrough.Add(r.Plan.Release)).Select(static r => r.ManifestDigest);
        return newest.Concat(planned).Distinct().Select(images.Find).OfType<ReleaseImages>().ToLookup(static r => r.Product);
    }
}
