using System.Globalization;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;

namespace Fota.Signer.Roles;

/// <summary>What two versions of a role's metadata say differently, line by line, with the labels of keys.</summary>
internal static class RoleDifference
{
    public static IEnumerable<string> Lines(MetadataContent? before, MetadataContent after, SignerSettings settings) =>
        Between(before is null ? [] : [.. Terms(before, settings), .. Listed(before)], [.. Terms(after, settings), .. Listed(after)]);

    /// <summary>Without the targets, of which the digests are still to come.</summary>
    public static IEnumerable<string> OfTerms(MetadataContent? before, MetadataContent after, SignerSettings settings) =>
        Between(before is null ? [] : [.. Terms(before, settings)], [.. Terms(after, settings)]);

    public static IEnumerable<string> Between(IReadOnlyList<string> old, IReadOnlyList<string> now) =>
        old.Except(now, StringComparer.Ordinal).Select(static line => "  - " + line).Concat(now.Except(old, StringComparer.Ordinal).Select(static line => "  + " + line));

    private static IEnumerable<string> Terms(MetadataContent content, SignerSettings settings)
    {
        return content switch
        {
            RootMetadata root => [Life(root), .. Keys("root", root.Root), .. Keys("targets", root.Targets), .. Keys("snapshot", root.Snapshot), .. Keys("timestamp", root.Timestamp)],
            TargetsMetadata targets =>
            [
                Life(targets),
                .. targets.Delegations.Where(static role => role.PathHashPrefixes.Count == 0).SelectMany(role => Keys(role.Name, role.Keys).Append($"delegates {string.Join(" ", role.Paths)} to {role.Name}{Finality(role)}")),
                .. Bins([.. targets.Delegations.Where(static role => role.PathHashPrefixes.Count > 0)]),
            ],
            _ => [Life(content)],
        };

        // The keys of the bins are said once, as they are the same for all (R-8).
        IEnumerable<string> Bins(IReadOnlyList<DelegatedRole> bins) => bins.Count == 0
            ? []
            : bins.SelectMany(bin => Keys("its hash bins", bin.Keys)).Distinct(StringComparer.Ordinal).Prepend($"hash bins: {bins.Count}")
                .Concat(bins.Select(static bin => $"delegates paths whose SHA-256 begins with {string.Join(", ", bin.PathHashPrefixes)} to {bin.Name}{Finality(bin)}"));

        IEnumerable<string> Keys(string role, RoleKeys keys) =>
            keys.Keys.Select(key => $"key of {role}: {settings.LabelOf(key.Id)} ({key.Id})").Prepend($"threshold of {role}: {keys.Threshold}");
    }

    private static string Life(MetadataContent content) => string.Create(CultureInfo.InvariantCulture, $"expires {content.Expires:yyyy-MM-dd'T'HH:mm:ss'Z'}");

    private static string Finality(DelegatedRole role) => role.Terminating ? ", terminating" : "";

    private static IEnumerable<string> Listed(MetadataContent content) =>
        content is TargetsMetadata { Targets: var targets } ? targets.Select(static target => $"lists {target.Key}: {target.Value.Length} bytes, {target.Value.Sha256}") : [];
}
