using System.Security.Cryptography;

namespace Fota.Manifest.Packs;

/// <summary>
/// A full pack that was unpacked whole: every frame gave its proven chunks, and all of them the manifest's image. What publishes or approves a release asks
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
        PackIndex index = PackIndex.Decode(PackUnpacking.ReadExactly(pack, PackIndex.SizeFor(table.Table)), table).OrThrow();
        if (index.PackSize != pack.Length)
        {
            throw new RejectedException(RejectionReason.PackMalformed, $"pack: wanted {index.PackSize} bytes, as its index says, got {pack.Length}");
        }

        using PackReader reader = PackReader.OfFull(table, index);
        using IncrementalHash image = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        while (!reader.IsAtEnd)
        {
            image.AppendData(reader.Read(PackUnpacking.ReadExactly(pack, reader.NextLength)).OrThrow().Bytes);
        }

        Sha256Digest digest = Sha256Digest.FromBytes(image.GetHashAndReset());
        return digest == table.Image.Content.ImageDigest
            ? new VerifiedPack(table, pack.Length)
            : throw new RejectedException(RejectionReason.ImageMismatch, $"pack: wanted an image with digest {table.Image.Content.ImageDigest}, got {digest}");
    }
}
