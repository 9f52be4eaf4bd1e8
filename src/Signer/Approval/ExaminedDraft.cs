using Fota.Manifest;
using Fota.Manifest.Metadata;
using Fota.Manifest.Packs;
using Fota.Manifest.Sbom;
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
    private ExaminedDraft(ReleaseDraft draft, VerifiedManifest manifest, SbomDocument? sbom, IReadOnlyList<Sha256Digest> packs)
    {
        Draft = draft;
        Manifest = manifest;
        Sbom = sbom;
        Packs = packs;
    }

    public ReleaseDraft Draft { get; }

    public VerifiedManifest Manifest { get; }

    /// <summary>The bill of materials that the manifest binds; null for none.</summary>
    public SbomDocument? Sbom { get; }

    /// <summary>SHA-256 of the pack of each of the manifest's images.</summary>
    public IReadOnlyList<Sha256Digest> Packs { get; }

    /// <summary>How the target role lists the envelope as it stands now.</summary>
    public static TargetFile TargetOf(ReadOnlySpan<byte> envelope) => new(envelope.Length, Sha256Digest.Of(envelope));

    /// <param name="draft">The draft.</param>
    /// <param name="product">What the home says of the product.</param>
    /// <param name="version">The version that the caller named.</param>
    /// <param name="signers">Who must have signed the envelope.</param>
    public static ExaminedDraft Examine(ReleaseDraft draft, ProductSettings product, ReleaseVersion version, RoleKeys signers)
    {
        VerifiedManifest manifest = VerifiedManifest.Verify(draft.ReadEnvelope(), ReleaseAnchors.Classical(signers)).OrThrow();
        UpdateManifest content = manifest.Content;
        Require("release version", version, content.ReleaseVersion);
        Require("vendor id", product.VendorId, content.VendorId);
        Require("class id", product.ClassId, content.ClassId);
        SbomDocument? sbom = ExamineSbom(draft, product, content);
        return new ExaminedDraft(draft, manifest, sbom, [.. manifest.Images.Select((image, index) => ExamineImage(draft, image, index))]);
    }

    private static Sha256Digest ExamineImage(ReleaseDraft draft, ListedImage image, int index)
    {
        VerifiedChunkTable table = VerifiedChunkTable.Verify(image, File.ReadAllBytes(draft.TableFile(index))).OrThrow();
        using FileStream pack = File.OpenRead(draft.PackFile(index));
        Sha256Digest digest = Sha256Digest.Of(pack);
        Require("pack", image.Content.PackUri, RepositoryFolder.Pack(digest));
        VerifiedPack.Verify(pack, table).OrThrow();
        return digest;
    }

    private static SbomDocument? ExamineSbom(ReleaseDraft draft, ProductSettings product, UpdateManifest content)
    {
        if (content.SbomDigest is { } digest)
        {
            SbomDocument sbom = SbomDocument.Decode(File.ReadAllBytes(draft.SbomFile)).OrThrow();
            Require("SBOM", digest, sbom.Digest);
            return sbom;
        }

        return product.SbomRequired
            ? throw new SignerRefusalException($"product {product.Name}: wanted a release with an SBOM (`release create --sbom FILE`), got one without")
            : null;
    }

    private static void Require<T>(string what, T wanted, T got)
    {
        if (!EqualityComparer<T>.Default.Equals(wanted, got))
        {
            throw new SignerRefusalException($"draft: {what}: wanted {wanted}, got {got}");
        }
    }
}
