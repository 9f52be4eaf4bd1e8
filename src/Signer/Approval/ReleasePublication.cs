using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.Signer.Log;
using Fota.Signer.Repository;

namespace Fota.Signer.Approval;

/// <summary>The author's last part: the second signature over the role that the approver signed, and the release's place in the repository.</summary>
internal static class ReleasePublication
{
    /// <summary>Completes and installs the release. The files first, each under a name that nobody refers to yet; then one rename makes it so.</summary>
    /// <param name="workshop">The home, opened with the author's key.</param>
    /// <param name="version">The release.</param>
    /// <param name="approved">The manifest that was approved, where somebody keeps account of that; another draft is refused.</param>
    public static RoleDocument Publish(ReleaseWorkshop workshop, ReleaseVersion version, Sha256Digest? approved = null)
    {
        ProductRole role = workshop.Role;
        if (role.Lists(version) && !ReleaseDraft.Of(workshop.Home.Folder, role.Product, version).Exists)
        {
            throw new SignerRefusalException($"{role.Product} {version} is published already");
        }

        ReleaseDraft draft = ReleaseDraft.Require(workshop.Home.Folder, role.Product, version);
        VerificationKey publisher = workshop.Key.Key.PublicKey;
        if (!draft.HasRole)
        {
            throw new SignerRefusalException($"{role.Product} {version} is not approved yet");
        }

        // A threshold of distinct keys over the envelope, as every device will ask (P6).
        ExaminedDraft examined = ExaminedDraft.Examine(draft, workshop.Settings, version, role.Keys);
        if (approved is not null && examined.Manifest.Digest != approved)
        {
            throw new SignerRefusalException($"draft: manifest digest: wanted {approved} (the one that was approved), got {examined.Manifest.Digest}");
        }

        if (!workshop.AuthorOf(examined.Manifest.Envelope).Equals(publisher))
        {
            throw new SignerRefusalException($"{role.Product} {version} is published by its author, and key '{workshop.Key.Key.Label}' did not author it");
        }

        ReadOnlySpan<byte> envelope = examined.Manifest.Envelope.Bytes.Span;
        TargetFile target = ExaminedDraft.TargetOf(envelope);
        ApprovedRoles roles = ApprovedRoles.Read(workshop, $"{role.Product} {version}", draft.ReadRole, expires => role.With(version, target, expires));
        IReadOnlyList<(RoleDocument Role, byte[] File)> complete = roles.Complete();

        RepositoryFolder repository = workshop.Repository;
        RepositoryState state = complete.Aggregate(workshop.State, static (state, role) => state.With(role.Role.Role, role.Role.Content.Version));
        ClientRehearsal.DemandRoomInSnapshot(repository.With(complete.ToDictionary(static role => PathOf(role.Role), static role => role.File, StringComparer.Ordinal)), state, workshop.Now);
        foreach ((int index, ListedImage image) in examined.Manifest.Images.Index())
        {
            Sha256Digest table = image.Content.ChunkTableDigest, pack = examined.Packs[index];
            repository.Copy(draft.TableFile(index), RepositoryFolder.Table(table), table);
            repository.Copy(draft.PackFile(index), RepositoryFolder.Pack(pack), pack);
        }

        if (examined.Manifest.Content.SbomDigest is { } sbom)
        {
            repository.Copy(draft.SbomFile, RepositoryFolder.Sbom(sbom), sbom);
        }

        repository.Write(RepositoryFolder.Target(RepositoryFolder.ReleasePath(role.Product, version), target.Sha256), envelope);
        foreach ((RoleDocument document, byte[] file) in complete)
        {
            repository.Write(PathOf(document), file);
        }

        workshop.Enter(LogKinds.ReleasePublished, examined.Manifest.Content, examined.Manifest.Digest, ("envelope", target.Sha256), ("root", state.Root), ("role", complete[^1].Role.Role), ("role_version", complete[^1].Role.Content.Version));
        repository.WriteState(state);
        draft.Delete();
        return roles.Last;
    }

    private static string PathOf(RoleDocument document) => RepositoryFolder.Metadata(document.Role, document.Content.Version);
}
