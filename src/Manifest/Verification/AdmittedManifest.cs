namespace Fota.Manifest.Verification;

/// <summary>
/// A verified manifest that this device may install: for its vendor, class and self, not rolled back, not below its floor, and of a size
/// that fits. <see cref="Admit"/> is its only maker; whatever writes a slot takes this type.
/// </summary>
public sealed class AdmittedManifest
{
    private AdmittedManifest(VerifiedManifest manifest) => Manifest = manifest;

    /// <summary>The verified manifest.</summary>
    public VerifiedManifest Manifest { get; }

    /// <summary>What it says.</summary>
    public UpdateManifest Content => Manifest.Content;

    /// <summary>Asks all conditions of the manifest and the device's rollback state, in that order.</summary>
    public static Verdict<AdmittedManifest> Admit(VerifiedManifest manifest, DeviceTraits device, RollbackState state)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(state);
        return Verdict.Of(() =>
        {
            RequireFor(manifest.Content, device);
            RequireNoRollback(manifest, state);
            RequireFloor(manifest.Content, state.Floor);
            if (manifest.Content.ImageSize > device.SlotCapacity)
            {
                throw new RejectedException(RejectionReason.ImageTooLarge, $"image: wanted at most {device.SlotCapacity} bytes (the slot), got {manifest.Content.ImageSize}");
            }

            return new AdmittedManifest(manifest);
        });
    }

    /// <summary>The conditions vendor, class and device of the manifest (A08).</summary>
    internal static void RequireFor(UpdateManifest content, DeviceTraits device)
    {
        Require(content.VendorId == device.VendorId, RejectionReason.WrongVendor, "vendor id", device.VendorId, content.VendorId);
        Require(content.ClassId == device.ClassId, RejectionReason.WrongClass, "class id", device.ClassId, content.ClassId);
        Require(content.DeviceId is null || content.DeviceId == device.DeviceId, RejectionReason.WrongDevice, "device id", device.DeviceId, content.DeviceId);
    }

    /// <summary>Promise P4, asked before download and at every boot (A35).</summary>
    internal static void RequireFloor(UpdateManifest content, SecurityVersion floor) =>
        Require(content.SecurityVersion >= floor, RejectionReason.BelowSecurityFloor, "security version", $"at least {floor}", content.SecurityVersion);

    private static void RequireNoRollback(VerifiedManifest manifest, RollbackState state)
    {
        SequenceNumber sequence = manifest.Content.Sequence;
        Require(sequence >= state.Sequence, RejectionReason.SequenceRollback, "sequence number", $"at least {state.Sequence}", sequence);
        Require(sequence != state.Sequence || manifest.Digest == state.ManifestDigest, RejectionReason.SequenceReused, $"manifest with sequence number {sequence}", state.ManifestDigest, manifest.Digest);
    }

    private static void Require(bool holds, RejectionReason reason, string what, object? wanted, object? got)
    {
        if (!holds)
        {
            throw new RejectedException(reason, $"{what}: wanted {wanted}, got {got}");
        }
    }
}
