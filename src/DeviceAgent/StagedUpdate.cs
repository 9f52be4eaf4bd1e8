using Fota.DeviceAgent.Slots;
using Fota.Manifest;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent;

/// <summary>
/// The proof that the inactive slot, read back as a whole, holds the image of a manifest which this device may still install, and that its
/// envelope lies durably beside it. Boot control activates nothing else.
/// </summary>
public sealed class StagedUpdate
{
    private StagedUpdate(InactiveSlot slot, VerifiedImage image)
    {
        Slot = slot;
        Image = image;
    }

    /// <summary>The slot.</summary>
    public InactiveSlot Slot { get; }

    /// <summary>What is in it.</summary>
    public VerifiedImage Image { get; }

    /// <summary>Reads the slot back, stores the envelope and asks every condition once more; the last because a floor may have risen since (A35).</summary>
    /// <param name="slot">A slot whose writes were flushed.</param>
    /// <param name="manifest">What it should hold.</param>
    /// <param name="storage">Where it is.</param>
    /// <param name="device">The device's traits.</param>
    /// <param name="rollback">Reads the device's rollback state as it is then.</param>
    internal static Verdict<StagedUpdate> Stage(InactiveSlot slot, AdmittedManifest manifest, ISlotStorage storage, DeviceTraits device, Func<RollbackState> rollback)
    {
        ArgumentNullException.ThrowIfNull(slot);
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(rollback);
        return Verdict.Of(() =>
        {
            using Stream content = storage.OpenForReading(slot.Name);
            VerifiedImage image = VerifiedImage.ReadBack(manifest, content).OrThrow();
            storage.StoreEnvelope(slot, image);
            AdmittedManifest.Admit(manifest.Manifest, device, rollback(), manifest.Target).OrThrow();
            return new StagedUpdate(slot, image);
        });
    }
}
