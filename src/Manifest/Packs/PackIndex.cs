using System.Buffers.Binary;
using Fota.Interop.Zstd;

namespace Fota.Manifest.Packs;

/// <summary>
/// Head and index of a full pack (docs/spec/packs.md): where each frame lies in the blob. Not trusted: a wrong index makes
/// chunks fail their proof, nothing else.
/// </summary>
public sealed class PackIndex
{
    /// <summary>Length of the fixed head in bytes: magic (8), image digest (32), number of frames (4).</summary>
    public const int HeadSize = 8 + Sha256Digest.Size + 4;

    private readonly long[] _starts;

    private PackIndex(Sha256Digest imageDigest, int chunksPerFrame, long[] starts)
    {
        ImageDigest = imageDigest;
        ChunksPerFrame = chunksPerFrame;
        _starts = starts;
    }

    /// <summary>The image the pack claims to be of.</summary>
    public Sha256Digest ImageDigest { get; }

    /// <summary>How many chunks a frame holds; the last one may hold fewer.</summary>
    public int ChunksPerFrame { get; }

    /// <summary>Number of frames.</summary>
    public int Count => _starts.Length - 1;

    /// <summary>Length of the whole pack in bytes.</summary>
    public long PackSize => _starts[^1];

    internal static ReadOnlySpan<byte> Magic => "FOTAPK02"u8;

    /// <summary>Bytes of head and index of the pack of an image with this table.</summary>
    public static int SizeFor(ChunkTable table) => HeadSize + (4 * FramesFor(table));

    /// <summary>Number of frames of the pack of an image with this table.</summary>
    public static int FramesFor(ChunkTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        int perFrame = PackProfile.For(table.ChunkSize).ChunksPerFrame(table.ChunkSize);
        return ((table.Count - 1) / perFrame) + 1;
    }

    /// <summary>Longest frame that a pack can need; a longer one is refused before it is fetched (A06).</summary>
    public static int MaxFrame(int chunkSize) => ZstdCompressor.Bound(PackProfile.For(chunkSize).ChunksPerFrame(chunkSize) * chunkSize);

    /// <summary>Offset in the pack of frame <paramref name="index"/>; <see cref="Count"/> gives the pack's end.</summary>
    public long StartOf(int index) => _starts[index];

    /// <summary>Length in bytes of frame <paramref name="index"/>.</summary>
    public int LengthOf(int index) => (int)(_starts[index + 1] - _starts[index]);

    /// <summary>Decodes head and index, which must be exactly <see cref="SizeFor"/> the table long, and of the image that the manifest lists.</summary>
    public static Verdict<PackIndex> Decode(ReadOnlyMemory<byte> bytes, VerifiedChunkTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return Verdict.Of(() =>
        {
            PackIndex index = Read(bytes.Span, table.Table);
            return index.ImageDigest == table.Image.Content.ImageDigest
                ? index
                : throw new RejectedException(RejectionReason.PackForAnotherImage, $"pack: wanted image {table.Image.Content.ImageDigest}, got {index.ImageDigest}");
        });
    }

    /// <summary>Decodes head and index by a table alone.</summary>
    internal static Verdict<PackIndex> Decode(ReadOnlyMemory<byte> bytes, ChunkTable table) => Verdict.Of(() => Read(bytes.Span, table));

    internal static byte[] Encode(Sha256Digest imageDigest, IReadOnlyList<int> lengths)
    {
        byte[] bytes = new byte[HeadSize + (4 * lengths.Count)];
        Magic.CopyTo(bytes);
        imageDigest.Bytes.CopyTo(bytes.AsSpan(Magic.Length));
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(HeadSize - 4), lengths.Count);
        for (int i = 0; i < lengths.Count; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(HeadSize + (4 * i)), lengths[i]);
        }

        return bytes;
    }

    private static PackIndex Read(ReadOnlySpan<byte> bytes, ChunkTable table)
    {
        int frames = FramesFor(table);
        if (bytes.Length != SizeFor(table) || !bytes.StartsWith(Magic))
        {
            throw new RejectedException(RejectionReason.PackMalformed, $"pack: wanted a head and index of {SizeFor(table)} bytes that begin with FOTAPK02, got {bytes.Length} bytes");
        }

        int count = BinaryPrimitives.ReadInt32BigEndian(bytes[(HeadSize - 4)..]);
        if (count != frames)
        {
            throw new RejectedException(RejectionReason.PackMalformed, $"pack: wanted {frames} frames, got {count}");
        }

        long[] starts = new long[frames + 1];
        starts[0] = bytes.Length;
        int most = MaxFrame(table.ChunkSize);
        for (int i = 0; i < frames; i++)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes[(HeadSize + (4 * i))..]);
            if (length == 0 || length > most)
            {
                throw new RejectedException(RejectionReason.PackMalformed, $"pack: frame {i}: wanted 1 to {most} bytes, got {length}");
            }

            starts[i + 1] = starts[i] + length;
        }

        return new PackIndex(Sha256Digest.FromBytes(bytes.Slice(Magic.Length, Sha256Digest.Size)), PackProfile.For(table.ChunkSize).ChunksPerFrame(table.ChunkSize), starts);
    }
}
