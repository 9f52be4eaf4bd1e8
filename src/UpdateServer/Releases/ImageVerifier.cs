using Fota.Manifest;
using Fota.Manifest.Packs;
using Fota.Manifest.Verification;

namespace Fota.UpdateServer.Releases;

/// <summary>Verifies what a manifest points to: its chunk table, and of its pack every chunk and the whole image.</summary>
internal sealed class ImageVerifier(PublicationContent content)
{
    private const string PackPrefix = "packs/";

    /// <summary>Gives the length of the pack in bytes.</summary>
    /// <exception cref="RejectedException">Table or pack are missing or wrong.</exception>
    public long Verify(VerifiedManifest manifest, bool unpack)
    {
        VerifiedChunkTable table = VerifiedChunkTable.Verify(manifest, content.Read(RepositoryPath.ChunkTable(manifest.Content.ChunkTableDigest))).OrThrow();
        (FileStream pack, PublishedFile described) = content.Open(RepositoryPath.Pack(PackOf(manifest.Content)));
        using (pack)
        {
            if (unpack)
            {
                VerifiedPack.Verify(pack, table).OrThrow();
            }
        }

        return described.Length;
    }

    private static Sha256Digest PackOf(UpdateManifest manifest) =>
        manifest.PackUri.StartsWith(PackPrefix, StringComparison.Ordinal) && Sha256Digest.TryParse(manifest.PackUri[PackPrefix.Length..], out Sha256Digest? digest)
            ? digest
            : throw new RejectedException(RejectionReason.UnsafePath, "manifest: wanted a pack at packs/SHA-256, got another reference");
}
