namespace Fota.Manifest.Verification;

/// <summary>
/// A verified manifest that this device may install: for its vendor, class, self and components, from the release that runs, not rolled back, not
/// below its floor, and of sizes that fit. <see cref="Admit"/> is its only maker; whatever writes a slot takes this type.
/// </summary>
public sealed class AdmittedManifest
{
    private AdmittedManifest(VerifiedManifest manifest, InstallTarget target)
    {
        Manifest = manifest;
        Target = target;
        Images = manifest.ImagesFor(target.Slot);
    }

    /// <summary>The verified manifest.</summary>
    public VerifiedManifest Manifest { get; }

    /// <summary>What it was admitted to.</summary>
    public InstallTarget Target { get; }

    /// <summary>What it says.</summary>
    public UpdateManifest Content => Manifest.Content;

    /// <summary>What is to be installed, in this order: of each component the image for the target slot.</summary>
    public IReadOnlyList<ListedImage> Images { get; }

    /// <summary>The image, for a device that can install one component at a time only.</summary>
    /// <exception cref="RejectedException">The release has several components.</exception>
    public ListedImage SoleImage => RequireSole(Images);

    /// <summary>Asks all conditions of the manifest and the device's rollback state, in that order.</summary>
    public static Verdict<AdmittedManifest> Admit(VerifiedManifest manifest, DeviceTraits device, RollbackState state, InstallTarget target)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(target);
        return Verdict.Of(() =>
        {
            RequireFor(manifest.Content, device);
            RequireNoRollback(manifest, state);
            RequireFloor(manifest.Content, state.Floor);
            RequireWayFrom(manifest, target);
            AdmittedManifest admitted = new(manifest, target);
            foreach (ComponentImage image in admitted.Images.Select(static image => image.Content).Where(image => image.ImageSize > device.SlotCapacity))
            {
                throw new RejectedException(RejectionReason.ImageTooLarge, $"image: wanted at most {device.SlotCapacity} bytes (the slot), got {image.ImageSize}");
            }

            return admitted;
        });
    }

    /// <summary>The one image of a release for one component.</summary>
    internal static ListedImage RequireSole(IReadOnlyList<ListedImage> images) => images is [var sole]
        ? sole
        : throw new RejectedException(RejectionReason.Unsupported, $"components: wanted one, as this device installs one at a time, got {images.Count}");

    /// <summary>The conditions vendor, class and device of the manifest (A08), and that the device has what it is about.</summary>
    internal static void RequireFor(UpdateManifest content, DeviceTraits device)
    {
        Require(content.VendorId == device.VendorId, RejectionReason.WrongVendor, "vendor id", device.VendorId, content.VendorId);
        Require(content.ClassId == device.ClassId, RejectionReason.WrongClass, "class id", device.ClassId, content.ClassId);
        Require(content.DeviceId is null || content.DeviceId == device.DeviceId, RejectionReason.WrongDevice, "device id", device.DeviceId, content.DeviceId);
        foreach (ComponentId component in content.Components.Select(static component => component.Id))
        {
            Require(device.Components.Contains(component), RejectionReason.WrongComponent, "component", device.Components, component);
        }
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

    // What runs already needs no way there: the server may go on assigning it.
    private static void RequireWayFrom(VerifiedManifest manifest, InstallTarget target) =>
        Require(
            manifest.Digest == target.RunningManifest || manifest.Content.InstallableFrom.Includes(target.RunningVersion),
            RejectionReason.WrongInstalledVersion,
            "installed version",
            manifest.Content.InstallableFrom,
            target.RunningVersion);

    private static void Require(bool holds, RejectionReason reason, string what, object? wanted, object? got)
    {
        if (!holds)
        {
            throw new RejectedException(reason, $"{what}: wanted {wanted}, got {got}");
        }
    }
}
