using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Boot;

/// <summary>
/// What runs, on boards whose bootloader names the slot alone. Which release that is, is proven anew at every start of the agent: the envelope beside the slot by the
/// anchors, the slot's bytes by the envelope. What the agent stored when it installed is not asked (A42).
/// </summary>
internal static class VerifiedBootFacts
{
    /// <summary>Proves what is in the running slot.</summary>
    /// <param name="running">The slot that the bootloader named.</param>
    /// <param name="records">The boot record, which says whether the slot was ever confirmed.</param>
    /// <param name="slots">The slots.</param>
    /// <param name="anchors">Whose releases this device starts.</param>
    /// <param name="device">The device's traits.</param>
    /// <param name="floor">The security floor.</param>
    /// <exception cref="DeviceStateException">The running slot holds no release that may run: the agent has no ground to stand on.</exception>
    public static BootFacts Establish(SlotName running, IBootRecordStore records, ISlotReader slots, ReleaseAnchors anchors, DeviceTraits device, SecurityVersion floor)
    {
        ArgumentNullException.ThrowIfNull(records);
        ArgumentNullException.ThrowIfNull(slots);
        BootRecord record = records.Read() ?? throw new DeviceStateException("boot record: wanted one valid copy, got none");
        try
        {
            byte[] envelope = slots.ReadEnvelope(running) ?? throw new DeviceStateException($"slot {running}: wanted an envelope, got none");
            VerifiedManifest manifest = VerifiedManifest.Verify(SignedEnvelope.Decode(envelope).OrThrow(), anchors).OrThrow();
            using Stream content = slots.OpenForReading(running);
            VerifiedImage image = VerifiedImage.VerifyForBoot(manifest, device, floor, running.ForManifest(), content).OrThrow();
            return new BootFacts(running, !record[running].Successful, InstalledRelease.Of(image.Manifest));
        }
        catch (Exception e) when (e is RejectedException or IOException or UnauthorizedAccessException)
        {
            throw new DeviceStateException($"slot {running}, which runs: {e.Message}", e);
        }
    }
}
