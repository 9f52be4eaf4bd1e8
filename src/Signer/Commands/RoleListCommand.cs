using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Repository;
using Fota.Signer.Roles;

namespace Fota.Signer.Commands;

/// <summary>fota-signer role list. It reads what is there and needs no key.</summary>
internal static class RoleListCommand
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.General) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static Command Create(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<bool> json = Arguments.Json();
        Command command = new("list", "Lists roles with their keys, thresholds and expiry, and the change that is on its way.") { home, json };
        command.SetAction(async (arguments, cancellation) =>
        {
            HomeFolder folder = new(arguments.GetRequiredValue(home));
            using SignerHome opened = await SignerHome.OpenAsync(folder, host, cancellation);
            DateTimeOffset now = host.Clock.GetUtcNow();
            List<ListedRole> roles = Read(opened, now);
            if (arguments.GetValue(json))
            {
                await host.Out.WriteAsync(JsonSerializer.Serialize(roles, s_options) + "\n");
                return;
            }

            await host.Out.WriteAsync(string.Concat(roles.Select(ToLine)));
            if (ChangeDraft.Find(folder, opened.Settings, now) is { } draft)
            {
                await host.Out.WriteLineAsync($"change on its way: {draft.Proposal.Digest}");
                await host.Out.WriteAsync(string.Concat(draft.Proposal.Effects.Select(static line => $"  {line}\n")));
                await host.Out.WriteAsync(string.Concat(draft.Missing().Select(static line => $"  wanted: {line}\n")));
            }
        });
        return command;
    }

    private static List<ListedRole> Read(SignerHome home, DateTimeOffset now)
    {
        RepositoryFolder repository = new(home.Folder.Repository);
        RepositoryState state = repository.ReadState();
        RepositoryTrust trust = RepositoryTrust.Load(repository, state, now);
        TimestampMetadata timestamp = SignedMetadata.Decode(repository.Read(RepositoryFolder.Timestamp), DecodeLimits.TimestampBytes, MetadataProfile.Fota).OrThrow().UnverifiedTimestamp().OrThrow();
        byte[] snapshot = repository.Read(RepositoryFolder.Metadata(RolesSettings.SnapshotName, timestamp.Snapshot.Version));
        List<ListedRole> roles =
        [
            List(RolesSettings.RootName, trust.Root, trust.Root.Root),
            List(RolesSettings.TargetsName, trust.Targets, trust.Root.Targets),
            List(RolesSettings.SnapshotName, SignedMetadata.Decode(snapshot, DecodeLimits.SnapshotBytes, MetadataProfile.Fota).OrThrow().UnverifiedSnapshot().OrThrow(), trust.Root.Snapshot),
            List(RolesSettings.TimestampName, timestamp, trust.Root.Timestamp),
        ];
        foreach (ProductSettings product in home.Settings.Products)
        {
            ProductRole role = ProductRole.Load(repository, state, trust, ProductName.Parse(product.Name), product.HashBins);
            roles.AddRange(role.Version == 0 ? [List(product.Name, null, role.Keys)] : role.Documents.Select(document => List(document.Name, document.Content, role.Keys)));
        }

        return roles;

        ListedRole List(string name, MetadataContent? content, RoleKeys keys) => new(
            name,
            content?.Version ?? 0,
            content?.Expires,
            content is null ? null : Math.Floor((content.Expires - now).TotalDays),
            keys.Threshold,
            [.. keys.Keys.Select(key => new ListedKey(home.Settings.LabelOf(key.Id), key.Id.ToString()))]);
    }

    private static string ToLine(ListedRole role)
    {
        string life = role.Expires is null
            ? "begins with its first release"
            : string.Create(CultureInfo.InvariantCulture, $"{(role.DaysLeft < 0 ? "EXPIRED" : "expires")} {role.Expires:yyyy-MM-dd} ({role.DaysLeft} days)");
        return string.Create(CultureInfo.InvariantCulture, $"{role.Role,-20} version {role.Version,-4} {life}, {role.Threshold} of {string.Join(", ", role.Keys.Select(static key => key.Label))}\n");
    }

    private sealed record ListedRole(string Role, long Version, DateTimeOffset? Expires, double? DaysLeft, int Threshold, IReadOnlyList<ListedKey> Keys);

    private sealed record ListedKey(string Label, string KeyId);
}
