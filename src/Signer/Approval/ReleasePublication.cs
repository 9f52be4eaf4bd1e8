using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.Signer.Repository;

namespace Fota.Signer.Approval;

/// <summary>The author's last part: the second signature over the role that the approver signed, and the release's place in the repository.</summary>
internal static class ReleasePublication
{
    /// <summary>Completes and installs the release. The files first, each under a name that nobody refers to yet; then one rename makes it so.</summary>
    public static RoleDocument Publish(ReleaseWorkshop workshop, ReleaseVersion version)
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
        if (!workshop.AuthorOf(examined.Manifest.Envelope).Equals(publisher))
        {
            throw new SignerRefusalException($"{role.Product} {version} is published by its author, and key '{workshop.Key.Key.Label}' did not author it");
        }

        ReadOnlySpan<byte> envelope = examined.Manifest.Envelope.Bytes.Span;
        TargetFile target = ExaminedDraft.TargetOf(envelope);
        ApprovedRoles approved = ApprovedRoles.Read(workshop, $"{role.Product} {version}", draft.ReadRole, expires => role.With(version, target, expires));
        IReadOnlyList<(RoleDocument Role, byte[] File)> complete = approved.Complete();

        RepositoryFolder repository = workshop.Repository;
        RepositoryState state = complete.Aggregate(workshop.State, static (state, role) => state.With(role.Role.Role, role.Role.Content.Version));
        ClientRehearsal.DemandRoomInSnapshot(repository.With(complete.ToDictionary(static role => PathOf(role.Role), static role => role.File, StringComparer.Ordinal)), state, workshop.Now);
        foreach ((int index, ListedImage image) in examined.Manifest.Images.Index())
        {
            Sha256Digest table = image.Content.ChunkTableDigest, pack = examined.Packs[index];
            repository.Copy(draft.TableFile(index), RepositoryFolder.Table(table), table);
            repository.Copy(draft.PackFile(index), RepositoryFolder.Pack(pack), pack);
        }

        repository.Write(RepositoryFolder.Target(RepositoryFolder.ReleasePath(role.Product, version), target.Sha256), envelope);
        foreach ((RoleDocument document, byte[] file) in complete)
        {
            repository.Write(PathOf(document), file);
        }

        repository.WriteState(state);
        draft.Delete();
        return approved.Last;
    }

    private static string PathOf(RoleDocument document) => RepositoryFolder.Metadata(document.Role, document.Content.Version);
}
