using System.Security.Cryptography;
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
                Unpack(pack, table);
            }
        }

        return described.Length;
    }

    private static Sha256Digest PackOf(UpdateManifest manifest) =>
        manifest.PackUri.StartsWith(PackPrefix, StringComparison.Ordinal) && Sha256Digest.TryParse(manifest.PackUri[PackPrefix.Length..], out Sha256Digest? digest)
            ? digest
            : throw new RejectedException(RejectionReason.UnsafePath, "manifest: wanted a pack at packs/SHA-256, got another reference");

    private static void Unpack(FileStream pack, VerifiedChunkTable table)
    {
        int count = table.Table.Count;
        PackIndex index = PackIndex.Decode(ReadExactly(pack, PackIndex.SizeFor(count)), table).OrThrow();
        if (index.PackSize != pack.Length)
        {
            throw new RejectedException(RejectionReason.PackMalformed, $"pack: wanted {index.PackSize} bytes, as its index says, got {pack.Length}");
        }

        using FullPackReader reader = new(table);
        using IncrementalHash image = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int i = 0; i < count; i++)
        {
            VerifiedChunk chunk = reader.Read(ReadExactly(pack, index.LengthOf(i))).OrThrow();
            image.AppendData(chunk.Bytes);
        }

        Sha256Digest digest = Sha256Digest.FromBytes(image.GetHashAndReset());
        if (digest != table.Manifest.Content.ImageDigest)
        {
            throw new RejectedException(RejectionReason.ImageMismatch, $"pack: wanted an image with digest {table.Manifest.Content.ImageDigest}, got {digest}");
        }
    }

    private static byte[] ReadExactly(FileStream pack, int length)
    {
        if (length > pack.Length - pack.Position)
        {
            throw new RejectedException(RejectionReason.PackMalformed, $"pack: wanted {length} bytes more, got {pack.Length - pack.Position}");
        }

        byte[] bytes = new byte[length];
        pack.ReadExactly(bytes);
        return bytes;
    }
}
