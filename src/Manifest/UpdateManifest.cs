namespace Fota.Manifest;

/// <summary>
/// What a release says, in our profile of SUIT: one component, one image for both slots. As content it proves nothing; only a
/// <see cref="Verification.VerifiedManifest"/> vouches for one.
/// </summary>
public sealed record UpdateManifest
{
    /// <summary>Longest <see cref="PackUri"/>, in characters.</summary>
    public const int MaxUriLength = 512;

    /// <summary>Grows with every release of a product.</summary>
    public required SequenceNumber Sequence { get; init; }

    /// <summary>Vendor the image is for (condition vendor-identifier).</summary>
    public required Guid VendorId { get; init; }

    /// <summary>Class of device the image is for (condition class-identifier).</summary>
    public required Guid ClassId { get; init; }

    /// <summary>The one device the image is for, or null for every device of the class (condition device-identifier).</summary>
    public Guid? DeviceId { get; init; }

    /// <summary>SHA-256 of the whole image (condition image-match).</summary>
    public required Sha256Digest ImageDigest { get; init; }

    /// <summary>Length of the image in bytes, at least 1.</summary>
    public required long ImageSize { get; init; }

    /// <summary>Where the pack is: a URI reference relative to the repository, for example "packs/9f86...".</summary>
    public required string PackUri { get; init; }

    /// <summary>SHA-256 of the encoded chunk table.</summary>
    public required Sha256Digest ChunkTableDigest { get; init; }

    /// <summary>Length of the encoded chunk table in bytes.</summary>
    public required int ChunkTableSize { get; init; }

    /// <summary>The image's security version, compared with the device's floor.</summary>
    public required SecurityVersion SecurityVersion { get; init; }

    /// <summary>The release's version for people.</summary>
    public required ReleaseVersion ReleaseVersion { get; init; }
}
