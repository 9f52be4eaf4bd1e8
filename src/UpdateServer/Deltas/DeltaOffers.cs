using Fota.Manifest.Reports;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Deltas;

/// <summary>Says which delta packs there are for a device, from memory alone.</summary>
internal sealed class DeltaOffers(PublishedImages images, DeltaCatalog catalog)
{
    /// <summary>The packs that make the images of <paramref name="assigned"/> of those that <paramref name="device"/> runs; none without an assignment.</summary>
    public IReadOnlyList<OfferedDelta> For(DeviceRecord device, AssignedRelease? assigned) =>
        images.Find(device.ConfirmedDigest) is { } from && images.Find(assigned?.Release.ManifestDigest) is { } to
            ? [.. from.PairsWith(to, DeltaPlanner.RunningSlot(device))
                .Select(pair => catalog.Find(new DeltaKey(pair.Base.ImageDigest, pair.Image.ImageDigest)))
                .Where(static record => record is { State: DeltaState.Made })
                .Select(static record => new OfferedDelta(record!.Key.Base, record.Pack!, record.Size!.Value))
                .Distinct()
                .Take(CheckInAnswer.MaxDeltas)]
            : [];
}
