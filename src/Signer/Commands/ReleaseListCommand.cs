using System.CommandLine;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.Signer.Approval;
using Fota.Signer.Home;
using Fota.Signer.Repository;

namespace Fota.Signer.Commands;

/// <summary>fota-signer release list. It reads what is there and needs no key.</summary>
internal static class ReleaseListCommand
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.General) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static Command Create(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<bool> json = Arguments.Json();
        Command command = new("list", "Lists drafts and published releases.") { home, json };
        command.SetAction(async (arguments, cancellation) =>
        {
            using SignerHome opened = await SignerHome.OpenAsync(new HomeFolder(arguments.GetRequiredValue(home)), host, cancellation);
            List<ListedRelease> releases = Read(opened, host.Clock.GetUtcNow());
            await host.Out.WriteAsync(arguments.GetValue(json) ? JsonSerializer.Serialize(releases, s_options) + "\n" : ToTable(releases));
        });
        return command;
    }

    private static List<ListedRelease> Read(SignerHome home, DateTimeOffset now)
    {
        RepositoryFolder repository = new(home.Folder.Repository);
        RepositoryState state = repository.ReadState();
        RepositoryTrust trust = RepositoryTrust.Load(repository, state, now);
        List<ListedRelease> releases = [];
        foreach (ProductSettings settings in home.Settings.Products)
        {
            ProductName product = ProductName.Parse(settings.Name);
            ProductRole role = ProductRole.Load(repository, state, trust, product, settings.HashBins);
            releases.AddRange(role.Releases().Select(release => Describe(settings, release, "published", release.Images.Select(image => new FileInfo(repository.FullPath(image.Content.PackUri))))));
            ReleaseDraft.RemovePublished(home.Folder, role);
            foreach ((_, ReleaseVersion version) in ReleaseDraft.All(home.Folder, product))
            {
                releases.Add(Describe(settings, ReleaseDraft.Of(home.Folder, product, version), version, role.Keys));
            }
        }

        return releases;
    }

    private static ListedRelease Describe(ProductSettings product, ReleaseDraft draft, ReleaseVersion version, RoleKeys keys)
    {
        // A draft that no key of the product signed has nothing to say for itself.
        SignedEnvelope envelope = draft.ReadEnvelope();
        return VerifiedManifest.Verify(envelope, ReleaseAnchors.Classical(new RoleKeys(keys.Keys, 1))).IsAccepted(out VerifiedManifest? manifest, out _)
            ? Describe(product, manifest, draft.HasRole ? "approved" : "draft", manifest.Images.Select((_, index) => new FileInfo(draft.PackFile(index))))
            : new ListedRelease(product.Name, version.ToString(), "damaged", envelope.ClaimedDigest.ToString(), 0, 0, 0, 0, []);
    }

    private static ListedRelease Describe(ProductSettings product, VerifiedManifest manifest, string state, IEnumerable<FileInfo> packs) => new(
        product.Name,
        manifest.Content.ReleaseVersion.ToString(),
        state,
        manifest.Digest.ToString(),
        manifest.Content.Sequence.Value,
        manifest.Content.SecurityVersion.Value,
        manifest.Images.Max(static image => image.Content.ImageSize),
        packs.Where(static pack => pack.Exists).Sum(static pack => pack.Length),
        [.. manifest.Content.GateOverride.Gates.Select(GateKinds.Name)]);

    private static string ToTable(List<ListedRelease> releases) => releases.Count == 0
        ? "no releases\n"
        : string.Concat(releases.Select(static release =>
            $"{release.Product,-20} {release.Version,-12} {release.State,-10} sequence {release.Sequence,-4} security version {release.SecurityVersion,-3} {release.ManifestDigest}{(release.GateOverride.Count > 0 ? $" overrides gates {string.Join(',', release.GateOverride)}" : "")}\n"));

    private sealed record ListedRelease(string Product, string Version, string State, string ManifestDigest, ulong Sequence, uint SecurityVersion, long ImageSize, long PackSize, IReadOnlyList<string> GateOverride);
}
