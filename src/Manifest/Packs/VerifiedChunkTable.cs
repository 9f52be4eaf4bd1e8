using Fota.Manifest.Verification;

namespace Fota.Manifest.Packs;

/// <summary>A chunk table whose digest and size a verified manifest gives for an image: what it says of a chunk is what the signers said.</summary>
public sealed class VerifiedChunkTable
{
    private VerifiedChunkTable(ListedImage image, ChunkTable table)
    {
        Image = image;
        Table = table;
    }

    /// <summary>The image it is of.</summary>
    public ListedImage Image { get; }

    /// <summary>The manifest that vouches for it.</summary>
    public VerifiedManifest Manifest => Image.Manifest;

    /// <summary>The table.</summary>
    public ChunkTable Table { get; }

    /// <summary>Checks size, digest and structure of an encoded table, in that order.</summary>
    public static Verdict<VerifiedChunkTable> Verify(ListedImage image, ReadOnlyMemory<byte> encoded)
    {
        ArgumentNullException.ThrowIfNull(image);
        return Verdict.Of(() =>
        {
            ComponentImage content = image.Content;
            if (encoded.Length != content.ChunkTableSize)
            {
                throw new RejectedException(RejectionReason.ChunkTableMismatch, $"chunk table: wanted {content.ChunkTableSize} bytes, got {encoded.Length}");
            }

            byte[] own = encoded.ToArray();
            Sha256Digest digest = Sha256Digest.Of(own);
            if (digest != content.ChunkTableDigest)
            {
                throw new RejectedException(RejectionReason.ChunkTableMismatch, $"chunk table: wanted digest {content.ChunkTableDigest}, got {digest}");
            }

            ChunkTable table = ChunkTable.Decode(own);
            return table.ImageSize == content.ImageSize
                ? new VerifiedChunkTable(image, table)
                : throw new RejectedException(RejectionReason.ChunkTableMismatch, $"chunk table: wanted an image of {content.ImageSize} bytes, got {table.ImageSize}");
        });
    }

    /// <summary>Proves one chunk (promise P1). The bytes are copied before they are hashed, so what was hashed is what is written.</summary>
    public Verdict<VerifiedChunk> Prove(int index, ReadOnlySpan<byte> bytes)
    {
        int wanted = Table.LengthOf(index);
        if (bytes.Length != wanted)
        {
            int got = bytes.Length;
            return Verdict.Of<VerifiedChunk>(() => throw new RejectedException(RejectionReason.ChunkMismatch, $"chunk {index}: wanted {wanted} bytes, got {got}"));
        }

        byte[] own = bytes.ToArray();
        return Verdict.Of(() => Table.Holds(index, own)
            ? new VerifiedChunk(this, index, own)
            : throw new RejectedException(RejectionReason.ChunkMismatch, $"chunk {index}: wanted digest {Convert.ToHexStringLower(Table.DigestOf(index))}, got {Sha256Digest.Of(own)}"));
    }
}
