namespace Fota.Manifest.Encoding;

/// <summary>What a decoder is willing to read, whatever a document claims. Bounds are checked before memory is taken (A06, A22).</summary>
public static class DecodeLimits
{
    /// <summary>
    /// Longest SUIT envelope, in bytes. Manifests take a few KiB; the rest is room for hash-based signatures, of which the largest with three
    /// levels takes 27 KiB.
    /// </summary>
    public const int EnvelopeBytes = 128 * 1024;

    /// <summary>Deepest nesting of arrays and maps.</summary>
    public const int Depth = 16;

    /// <summary>Most items of one array, or pairs of one map.</summary>
    public const int Items = 1024;

    /// <summary>Most signatures that are looked at.</summary>
    public const int Signatures = 16;

    /// <summary>Longest TUF root metadata, in bytes (TUF 1.0.34 section 5.3.3: "X, set by the authors").</summary>
    public const int RootBytes = 512 * 1024;

    /// <summary>Longest TUF timestamp metadata, in bytes.</summary>
    public const int TimestampBytes = 16 * 1024;

    /// <summary>Longest TUF snapshot metadata, in bytes, where the timestamp gives no length.</summary>
    public const int SnapshotBytes = 2 * 1024 * 1024;

    /// <summary>Longest TUF targets metadata, in bytes, where the snapshot gives no length.</summary>
    public const int TargetsBytes = 5 * 1024 * 1024;

    /// <summary>Most signatures of a TUF metadata file by another writer than ours; ours has at most <see cref="Signatures"/>.</summary>
    public const int MetadataSignatures = 64;

    /// <summary>Most delegated roles that are asked for one target path (TUF 1.0.34 section 5.6.7.1 leaves the number to the client; python-tuf has the same).</summary>
    public const int VisitedRoles = 32;

    /// <summary>Most roots that one update walks through.</summary>
    public const int RootRotations = 256;

    /// <summary>Smallest chunk, in bytes.</summary>
    public const int MinChunkBytes = 4 * 1024;

    /// <summary>Largest chunk, in bytes.</summary>
    public const int MaxChunkBytes = 1024 * 1024;

    /// <summary>Largest image, in bytes.</summary>
    public const long ImageBytes = 16L * 1024 * 1024 * 1024;

    /// <summary>Most chunks of one image; bounds the chunk table at 8 MiB.</summary>
    public const int Chunks = 256 * 1024;

    /// <summary>Longest device report, in bytes.</summary>
    public const int ReportBytes = 4 * 1024;
}
