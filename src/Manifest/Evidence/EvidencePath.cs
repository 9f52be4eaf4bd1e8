using System.Globalization;
using Fota.Manifest.Metadata;

namespace Fota.Manifest.Evidence;

/// <summary>Where files lie in a bundle of evidence: as in the repository, and proofs of log entries under their numbers.</summary>
public static class EvidencePath
{
    /// <summary>The folder of the manifest.</summary>
    public const string Targets = "targets/";

    /// <summary>The folder of the proofs.</summary>
    public const string Log = "log/";

    private const string MetadataFolder = "metadata/";

    /// <summary>The timestamp.</summary>
    public static string Timestamp => MetadataFolder + MetadataFileName.Timestamp;

    /// <summary>A root.</summary>
    public static string Root(long version) => MetadataFolder + MetadataFileName.Root(version);

    /// <summary>Snapshot, targets, or a delegated role.</summary>
    public static string Metadata(string role, long version) => MetadataFolder + MetadataFileName.OfRole(role, version);

    /// <summary>A bill of materials.</summary>
    public static string Sbom(Sha256Digest digest) => $"sboms/{digest}";

    /// <summary>The proof of an entry of the log.</summary>
    public static string Entry(long number) => string.Create(CultureInfo.InvariantCulture, $"{Log}{number}.tlog-proof");
}
