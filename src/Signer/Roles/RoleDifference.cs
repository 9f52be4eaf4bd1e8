using System.Globalization;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;

namespace Fota.Signer.Roles;

/// <summary>What two versions of a role's metadata say differently, line by line, with the labels of keys.</summary>
internal static class RoleDifference
{
    public static IEnumerable<string> Lines(MetadataContent? before, MetadataContent after, SignerSettings settings)
    {
        string[] old = before is null ? [] : [.. Facts(before, settings)], now = [.. Facts(after, settings)];
        return old.Except(now, StringComparer.Ordinal).Select(static line => "  - " + line).Concat(now.Except(old, StringComparer.Ordinal).Select(static line => "  + " + line));
    }

    private static IEnumerable<string> Facts(MetadataContent content, SignerSettings settings)
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"expires {content.Expires:yyyy-MM-dd'T'HH:mm:ss'Z'}");
        IEnumerable<string> facts = content switch
        {
            RootMetadata root => [.. Keys("root", root.Root), .. Keys("targets", root.Targets), .. Keys("snapshot", root.Snapshot), .. Keys("timestamp", root.Timestamp)],
            TargetsMetadata targets =>
            [
                .. targets.Delegations.SelectMany(role => Keys(role.Name, role.Keys).Append($"delegates {string.Join(" ", role.Paths)} to {role.Name}")),
                .. targets.Targets.Select(static target => $"lists {target.Key}: {target.Value.Sha256}"),
            ],
            _ => [],
        };
        foreach (string fact in facts)
        {
            yield return fact;
        }

        IEnumerable<string> Keys(string role, RoleKeys keys) =>
            keys.Keys.Select(key => $"key of {role}: {settings.LabelOf(key.Id)} ({key.Id})").Prepend($"threshold of {role}: {keys.Threshold}");
    }
}
