using Fota.Manifest.Log;
using Fota.Manifest.Verification;

namespace Fota.Manifest.Evidence;

/// <summary>Which entries of a signer's log tell of a release.</summary>
public static class ReleaseEntries
{
    /// <summary>The fact that names the newest root at the time of the entry.</summary>
    public const string RootFact = "root";

    private const string ManifestFact = "manifest";

    /// <summary>Whether the entry is about this version of the product, or names the manifest.</summary>
    public static bool Tells(LogEntry entry, ProductName product, VerifiedManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(manifest);
        return string.Equals(entry.Subject, $"{product} {manifest.Content.ReleaseVersion}", StringComparison.Ordinal) || Names(entry, manifest.Digest);
    }

    /// <summary>Whether the entry names the manifest by its digest.</summary>
    public static bool Names(LogEntry entry, Sha256Digest manifest)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(manifest);
        return entry.Facts.TryGetValue(ManifestFact, out string? named) && string.Equals(named, manifest.ToString(), StringComparison.Ordinal);
    }
}
