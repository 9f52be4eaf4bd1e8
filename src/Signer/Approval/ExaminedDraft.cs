using Fota.Manifest;
using Fota.Manifest.Metadata;
using Fota.Manifest.Packs;
using Fota.Manifest.Verification;
using Fota.Signer.Home;
using Fota.Signer.Repository;

namespace Fota.Signer.Approval;

/// <summary>
/// A draft of which everything was checked that a device will check: signatures, conditions, chunk table, every frame of the pack, the whole
/// image. Only <see cref="Examine"/> makes one, and nothing is signed by approver or publisher without.
/// </summary>
internal sealed class ExaminedDraft
{
    private ExaminedDraft(ReleaseDraft draft, VerifiedManifest manifest, Sha256Digest pack)
    {
        Draft = draft;
        Manifest = manifest;
        Pack = pack;
    }

    public ReleaseDraft Draft { get; }

    public VerifiedManifest Manifest { get; }

    /// <summary>SHA-256 of the pack.</summary>
    public Sha256Digest Pack { get; }

    /// <summary>How the target role lists the envelope as it stands now.</summary>
    public static TargetFile TargetOf(ReadOnlySpan<byte> envelope) => new(envelope.Length, Sha256Digest.Of(envelope));

    /// <param name="draft">The draft.</param>
    /// <param name="product">What the home says of the product.</param>
    /// <param name="version">The version that the caller named.</param>
    /// <param name="signers">Who must have signed the envelope.</param>
    public static ExaminedDraft Examine(ReleaseDraft draft, ProductSettings product, ReleaseVersion version, RoleKeys signers)
    {
        VerifiedManifest manifest = VerifiedManifest.Verify(draft.ReadEnvelope(), signers).OrThrow();
        UpdateManifest content = manifest.Content;
        Require("release version", version, content.ReleaseVersion);
        Require("vendor id", product.VendorId, content.VendorId);
        Require("class id", product.ClassId, content.ClassId);
        VerifiedChunkTable table = VerifiedChunkTable.Verify(manifest, File.ReadAllBytes(draft.TableFile)).OrThrow();
        using FileStream pack = File.OpenRead(draft.PackFile);
        Sha256Digest digest = Sha256Digest.Of(pack);
        Require("pack", content.PackUri, RepositoryFolder.Pack(digest));
        VerifiedPack.Verify(pack, table).OrThrow();
        return new ExaminedDraft(draft, manifest, digest);
    }

    private static void Require<T>(string what, T wanted, T got)
    {
        if (!EqualityComparer<T>.Default.Equals(wanted, got))
        {
            throw new SignerRefusalException($"draft: {what}: wanted {wanted}, got {got}");
        }
    }
}
