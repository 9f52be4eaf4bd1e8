using Fota.Manifest;
using Fota.Manifest.Encoding;
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
    public static RoleDocument Publish(ReleaseWorkshop workshop, ReleaseVersion version)
    {
        ProductRole role = workshop.Role;
        if (role.Lists(version) && !ReleaseDraft.Of(workshop.Home.Folder, role.Product, version).Exists)
        {
            throw new SignerRefusalException($"{role.Product} {version} is published already");
        }

        ReleaseDraft draft = ReleaseDraft.Require(workshop.Home.Folder, role.Product, version);
        VerificationKey publisher = workshop.Key.Key.PublicKey;
        Dictionary<string, SignedMetadata> approved = ReadApproved(workshop, draft, version);

        // A threshold of distinct keys over the envelope, as every device will ask (P6).
        ExaminedDraft examined = ExaminedDraft.Examine(draft, workshop.Settings, version, role.Keys);
        if (!workshop.AuthorOf(examined.Manifest.Envelope).Equals(publisher))
        {
            throw new SignerRefusalException($"{role.Product} {version} is published by its author, and key '{workshop.Key.Key.Label}' did not author it");
        }

        ReadOnlySpan<byte> envelope = examined.Manifest.Envelope.Bytes.Span;
        TargetFile target = ExaminedDraft.TargetOf(envelope);
        List<RoleDocument> documents = [.. approved.Select(role => DemandExactly(workshop, role.Key, role.Value, version, target))];
        List<(RoleDocument Role, byte[] File)> complete = [.. documents.Select(document => (document, Complete(workshop, document, approved[document.Role])))];

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
        return complete[^1].Role;
    }

    private static string PathOf(RoleDocument document) => RepositoryFolder.Metadata(document.Role, document.Content.Version);

    /// <summary>What another key of the product signed, by role.</summary>
    private static Dictionary<string, SignedMetadata> ReadApproved(ReleaseWorkshop workshop, ReleaseDraft draft, ReleaseVersion version)
    {
        if (!draft.HasRole)
        {
            throw new SignerRefusalException($"{workshop.Role.Product} {version} is not approved yet");
        }

        Dictionary<string, SignedMetadata> approved = new(StringComparer.Ordinal);
        foreach (string role in workshop.Role.DocumentsOf(version))
        {
            byte[] file = draft.ReadRole(role) ?? throw new SignerRefusalException($"the hash bins of {workshop.Role.Product} changed since the approval: approve again");
            approved[role] = SignedMetadata.Decode(file, DecodeLimits.TargetsBytes, MetadataProfile.Fota).OrThrow();
            if (!workshop.Role.Keys.Signers(approved[role]).Any(key => !key.Equals(workshop.Key.Key.PublicKey)))
            {
                throw new SignerRefusalException($"the approved role of {workshop.Role.Product} {version} bears no valid signature of another key of the product: approve again");
            }
        }

        return approved;
    }

    /// <summary>The approved role is the current one and exactly this release, byte for byte (A45).</summary>
    private static RoleDocument DemandExactly(ReleaseWorkshop workshop, string role, SignedMetadata approved, ReleaseVersion version, TargetFile target)
    {
        TargetsMetadata content = approved.UnverifiedTargets().OrThrow();
        if (content.Version != workshop.Role.NextVersion(role))
        {
            throw new SignerRefusalException($"role moved from {content.Version - 1} to {workshop.Role.NextVersion(role) - 1} since the approval: approve again");
        }

        if (content.Expires <= workshop.Now || content.Expires > workshop.Now.AddDays(workshop.Settings.ExpiresDays))
        {
            throw new SignerRefusalException($"approved role: wanted an expiry within {workshop.Settings.ExpiresDays} days from now, got {content.Expires:u}: approve again");
        }

        RoleDocument wanted = workshop.Role.With(version, target, content.Expires).First(document => string.Equals(document.Role, role, StringComparison.Ordinal));
        return approved.SignedBytes.Span.SequenceEqual(wanted.Content.ToSignedBytes())
            ? wanted
            : throw new SignerRefusalException($"approved role: wanted the current role and {workshop.Role.Product} {version} as it lies in the draft, got another: approve again");
    }

    private static byte[] Complete(ReleaseWorkshop workshop, RoleDocument role, SignedMetadata approved)
    {
        MetadataSignature own = workshop.SignRole(role, approved.SignedBytes.Span);
        byte[] file = SignedMetadata.Assemble(approved.SignedBytes.Span, [.. approved.Signatures.Where(signature => signature.Key != own.Key), own]);
        RepositoryTrust.Demand(workshop.Role.Keys, SignedMetadata.Decode(file, DecodeLimits.TargetsBytes, MetadataProfile.Fota).OrThrow(), role.Role);
        return file;
    }
}
