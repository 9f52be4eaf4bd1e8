using System.Security.Cryptography;

namespace Fota.Manifest.Packs;

/// <summary>
/// A pack that was unpacked whole: every frame gave its proven chunk, and all of them the manifest's image. What publishes or approves a release asks
/// this; a device asks chunk by chunk.
/// </summary>
public sealed class VerifiedPack
{
    private VerifiedPack(VerifiedChunkTable table, long size)
    {
        Table = table;
        Size = size;
    }

    /// <summary>The table that it was proven by.</summary>
    public VerifiedChunkTable Table { get; }

    /// <summary>Length in bytes.</summary>
    public long Size { get; }

    /// <summary>Unpacks <paramref name="pack"/>, a seekable stream, from its start to its end.</summary>
    public static Verdict<VerifiedPack> Verify(Stream pack, VerifiedChunkTable table)
    {
        ArgumentNullException.ThrowIfNull(pack);
        ArgumentNullException.ThrowIfNull(table);
        return Verdict.Of(() => Unpack(pack, table));
    }

    private static VerifiedPack Unpack(Stream pack, VerifiedChunkTable table)
    {
        pack.Position = 0;
        PackIndex index = PackIndex.Decode(ReadExactly(pack, PackIndex.SizeFor(table.Table.Count)), table).OrThrow();
        if (index.PackSize != pack.Length)
        {
            throw new RejectedException(RejectionReason.PackMalformed, $"pack: wanted {index.PackSize} bytes, as its index says, got {pack.Length}");
        }

        using FullPackReader reader = new(table);
        using IncrementalHash image = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int i = 0; i < index.Count; i++)
        {
            image.AppendData(reader.Read(ReadExactly(pack, index.LengthOf(i))).OrThrow().Bytes);
        }

        Sha256Digest digest = Sha256Digest.FromBytes(image.GetHashAndReset());
        return digest == table.Image.Content.ImageDigest
            ? new VerifiedPack(table, pack.Length)
            : throw new RejectedException(RejectionReason.ImageMismatch, $"pack: wanted an image with digest {table.Image.Content.ImageDigest}, got {digest}");
    }

    private static byte[] ReadExactly(Stream pack, int length)
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
