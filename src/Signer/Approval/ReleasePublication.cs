using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.Signer.Repository;

namespace Fota.Signer.Approval;

/// <summary>The author's last part: the second signature over the role that the approver signed, and the release's place in the repository.</summary>
internal static class ReleasePublication
{
    /// <summary>Completes and installs the release. The files first, each under a name that nobody refers to yet; then one rename makes it so.</summary>
    public static long Publish(ReleaseWorkshop workshop, ReleaseVersion version)
    {
        ProductRole role = workshop.Role;
        if (role.Lists(version) && !ReleaseDraft.Of(workshop.Home.Folder, role.Product, version).Exists)
        {
            throw new SignerRefusalException($"{role.Product} {version} is published already");
        }

        ReleaseDraft draft = ReleaseDraft.Require(workshop.Home.Folder, role.Product, version);
        VerificationKey publisher = workshop.Key.Key.PublicKey;
        SignedMetadata approved = ReadApproved(draft, role, publisher, version);

        // A threshold of distinct keys over the envelope, as every device will ask (P6).
        ExaminedDraft examined = ExaminedDraft.Examine(draft, workshop.Settings, version, role.Keys);
        if (!workshop.AuthorOf(examined.Manifest.Envelope).Equals(publisher))
        {
            throw new SignerRefusalException($"{role.Product} {version} is published by its author, and key '{workshop.Key.Key.Label}' did not author it");
        }

        ReadOnlySpan<byte> envelope = examined.Manifest.Envelope.Bytes.Span;
        TargetFile target = ExaminedDraft.TargetOf(envelope);
        DemandExactly(workshop, approved, version, target);

        MetadataSignature own = MetadataSignature.From(publisher, workshop.SignRole(approved.SignedBytes.Span));
        byte[] file = SignedMetadata.Assemble(approved.SignedBytes.Span, [.. approved.Signatures.Where(signature => signature.Key != own.Key), own]);
        RepositoryTrust.Demand(role.Keys, SignedMetadata.Decode(file, DecodeLimits.TargetsBytes, MetadataProfile.Fota).OrThrow(), role.Product.ToString());

        RepositoryFolder repository = workshop.Repository;
        long next = role.Version + 1;
        foreach ((int index, ListedImage image) in examined.Manifest.Images.Index())
        {
            Sha256Digest table = image.Content.ChunkTableDigest, pack = examined.Packs[index];
            repository.Copy(draft.TableFile(index), RepositoryFolder.Table(table), table);
            repository.Copy(draft.PackFile(index), RepositoryFolder.Pack(pack), pack);
        }

        repository.Write(RepositoryFolder.Target(RepositoryFolder.ReleasePath(role.Product, version), target.Sha256), envelope);
        repository.Write(RepositoryFolder.Metadata(role.Product.ToString(), next), file);
        repository.WriteState(workshop.State.With(role.Product.ToString(), next));
        draft.Delete();
        return next;
    }

    private static SignedMetadata ReadApproved(ReleaseDraft draft, ProductRole role, VerificationKey publisher, ReleaseVersion version)
    {
        if (!draft.HasRole)
        {
            throw new SignerRefusalException($"{role.Product} {version} is not approved yet");
        }

        SignedMetadata approved = SignedMetadata.Decode(draft.ReadRole(), DecodeLimits.TargetsBytes, MetadataProfile.Fota).OrThrow();
        return role.Keys.Signers(approved).Any(key => !key.Equals(publisher))
            ? approved
            : throw new SignerRefusalException($"the approved role of {role.Product} {version} bears no valid signature of another key of the product: approve again");
    }

    /// <summary>The approved role is the current one and exactly this release, byte for byte (A45).</summary>
    private static void DemandExactly(ReleaseWorkshop workshop, SignedMetadata approved, ReleaseVersion version, TargetFile target)
    {
        TargetsMetadata content = approved.UnverifiedTargets().OrThrow();
        if (content.Version != workshop.Role.Version + 1)
        {
            throw new SignerRefusalException($"role moved from {content.Version - 1} to {workshop.Role.Version} since the approval: approve again");
        }

        if (content.Expires <= workshop.Now || content.Expires > workshop.Now.AddDays(workshop.Settings.ExpiresDays))
        {
            throw new SignerRefusalException($"approved role: wanted an expiry within {workshop.Settings.ExpiresDays} days from now, got {content.Expires:u}: approve again");
        }

        byte[] wanted = workshop.Role.With(version, target, content.Expires).ToSignedBytes();
        if (!approved.SignedBytes.Span.SequenceEqual(wanted))
        {
            throw new SignerRefusalException($"approved role: wanted the current role and {workshop.Role.Product} {version} as it lies in the draft, got another: approve again");
        }
    }
}
