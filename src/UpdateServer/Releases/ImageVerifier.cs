using Fota.Manifest;
using Fota.Manifest.Packs;
using Fota.Manifest.Verification;

namespace Fota.UpdateServer.Releases;

/// <summary>Verifies what a manifest points to: its chunk table, and of its pack every chunk and the whole image.</summary>
internal sealed class ImageVerifier(PublicationContent content)
{
    private const string PackPrefix = "packs/";

    /// <summary>Verifies every image that the manifest lists, and gives the length of their packs in bytes.</summary>
    /// <exception cref="RejectedException">A table or a pack is missing or wrong.</exception>
    public long Verify(VerifiedManifest manifest, bool unpack) => manifest.Images.Sum(image => Verify(image, unpack));

    private long Verify(ListedImage image, bool unpack)
    {
        VerifiedChunkTable table = VerifiedChunkTable.Verify(image, content.Read(RepositoryPath.ChunkTable(image.Content.ChunkTableDigest))).OrThrow();
        RepositoryPath path = RepositoryPath.Pack(PackOf(image.Content));
        if (unpack)
        {
            using Stream pack = content.Open(path);
            VerifiedPack.Verify(pack, table).OrThrow();
        }

        return content.Describe(path).Length;
    }

    private static Sha256Digest PackOf(ComponentImage image) =>
        image.PackUri.StartsWith(PackPrefix, StringComparison.Ordinal) && Sha256Digest.TryParse(image.PackUri[PackPrefix.Length..], out Sha256Digest? digest)
            ? digest
            : throw new RejectedException(RejectionReason.UnsafePath, "manifest: wanted a pack at packs/SHA-256, got another reference");
}
