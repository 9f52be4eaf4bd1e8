namespace Fota.Manifest;

/// <summary>
/// What a release says, in our profile of SUIT: components in the order of their installation, each with one image for both slots or one for each.
/// As content it proves nothing; only a <see cref="Verification.VerifiedManifest"/> vouches for one.
/// </summary>
public sealed record UpdateManifest
{
    /// <summary>Most components of one release.</summary>
    public const int MaxComponents = 16;

    /// <summary>Grows with every release of a product.</summary>
    public required SequenceNumber Sequence { get; init; }

    /// <summary>Vendor the images are for (condition vendor-identifier).</summary>
    public required Guid VendorId { get; init; }

    /// <summary>Class of device the images are for (condition class-identifier).</summary>
    public required Guid ClassId { get; init; }

    /// <summary>The one device the images are for, or null for every device of the class (condition device-identifier).</summary>
    public Guid? DeviceId { get; init; }

    /// <summary>What is installed, in this order; 1 to <see cref="MaxComponents"/>, each once.</summary>
    public required ValueList<UpdateComponent> Components { get; init; }

    /// <summary>The release's security version, compared with the device's floor.</summary>
    public required SecurityVersion SecurityVersion { get; init; }

    /// <summary>The release's version for people.</summary>
    public required ReleaseVersion ReleaseVersion { get; init; }

    /// <summary>The releases from which this one may be installed (condition version).</summary>
    public VersionRange InstallableFrom { get; init; } = VersionRange.Any;

    /// <summary>The gates that it may pass although they are closed.</summary>
    public GateOverride GateOverride { get; init; } = GateOverride.None;

    /// <summary>SHA-256 of the release's bill of materials; null where it has none. A device does nothing with it.</summary>
    public Sha256Digest? SbomDigest { get; init; }

    /// <summary>What is said to people of the release; null where the manifest has no text.</summary>
    public ReleaseText? Text { get; init; }
}
