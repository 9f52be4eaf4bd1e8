using System.Globalization;
using Fota.Manifest.Log;
using Fota.Manifest.Verification;

namespace Fota.Manifest.Evidence;

/// <summary>Which entries of a signer's log tell of a release.</summary>
public static class ReleaseEntries
{
    // The newest root at the time of the entry.
    private const string RootFact = "root";

    private const string ManifestFact = "manifest", WithdrawalFact = "withdrawal", RequestKindFact = "request_kind", Withdrawal = "withdrawal";

    private const string Requested = "release.requested", Approved = "release.approved", Published = "release.published";

    /// <summary>Whether the entry is about this version of the product, or names the manifest.</summary>
    public static bool Tells(LogEntry entry, ProductName product, VerifiedManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(manifest);
        return string.Equals(entry.Subject, $"{product} {manifest.Content.ReleaseVersion}", StringComparison.Ordinal) || Names(entry, manifest.Digest);
    }

    /// <summary>
    /// Whether the entries tell of a manifest that was requested, then approved, then published by a root that the publication names, in this order. That it is to be withdrawn is
    /// requested and approved under the same kinds, and is not what is looked for.
    /// </summary>
    /// <param name="entries">Verified entries, in the order of their numbers.</param>
    /// <param name="manifest">The manifest.</param>
    public static bool TellOfAll(IEnumerable<LogEntry> entries, Sha256Digest manifest)
    {
        ArgumentNullException.ThrowIfNull(entries);
        Queue<string> wanted = new([Requested, Approved, Published]);
        foreach (LogEntry entry in entries.Where(entry => Names(entry, manifest) && !IsOfWithdrawal(entry)))
        {
            if (wanted.TryPeek(out string? next) && string.Equals(entry.Kind, next, StringComparison.Ordinal) && (wanted.Count > 1 || RootOf(entry) is not null))
            {
                _ = wanted.Dequeue();
            }
        }

        return wanted.Count == 0;
    }

    /// <summary>The version of the root that was the newest at the time of the entry; null where it does not say.</summary>
    public static long? RootOf(LogEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return entry.Facts.TryGetValue(RootFact, out string? then) && long.TryParse(then, NumberStyles.None, CultureInfo.InvariantCulture, out long version) ? version : null;
    }

    private static bool IsOfWithdrawal(LogEntry entry) =>
        entry.Facts.ContainsKey(WithdrawalFact) || (entry.Facts.TryGetValue(RequestKindFact, out string? kind) && string.Equals(kind, Withdrawal, StringComparison.Ordinal));

    private static bool Names(LogEntry entry, Sha256Digest manifest) =>
        entry.Facts.TryGetValue(ManifestFact, out string? named) && string.Equals(named, manifest.ToString(), StringComparison.Ordinal);
}
