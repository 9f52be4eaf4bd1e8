using System.Buffers.Binary;
using Fota.Interop.Zstd;

namespace Fota.Manifest.Packs;

/// <summary>
/// Head and index of a full pack (docs/spec/packs.md): where each chunk's frame lies in the blob. Not trusted: a wrong index makes
/// chunks fail their proof, nothing else.
/// </summary>
public sealed class PackIndex
{
    /// <summary>Length of the fixed head in bytes: magic (8), image digest (32), number of frames (4).</summary>
    public const int HeadSize = 8 + Sha256Digest.Size + 4;

    /// <summary>How much of the preceding image a frame may refer to, in bytes.</summary>
    public const int HistorySize = 1024 * 1024;

    private readonly long[] _starts;

    private PackIndex(Sha256Digest imageDigest, long[] starts)
    {
        ImageDigest = imageDigest;
        _starts = starts;
    }

    /// <summary>The image the pack claims to be of.</summary>
    public Sha256Digest ImageDigest { get; }

    /// <summary>Number of frames, one a chunk.</summary>
    public int Count => _starts.Length - 1;

    /// <summary>Length of the whole pack in bytes.</summary>
    public long PackSize => _starts[^1];

    internal static ReadOnlySpan<byte> Magic => "FOTAPK01"u8;

    /// <summary>Bytes of head and index for <paramref name="chunks"/> chunks.</summary>
    public static int SizeFor(int chunks) => HeadSize + (4 * chunks);

    /// <summary>Longest frame that a chunk can need; a longer one is refused before it is fetched (A06).</summary>
    public static int MaxFrame(int chunkSize) => ZstdCompressor.Bound(chunkSize);

    /// <summary>Offset in the pack of the frame of chunk <paramref name="index"/>; <see cref="Count"/> gives the pack's end.</summary>
    public long StartOf(int index) => _starts[index];

    /// <summary>Length in bytes of the frame of chunk <paramref name="index"/>.</summary>
    public int LengthOf(int index) => (int)(_starts[index + 1] - _starts[index]);

    /// <summary>Decodes head and index, which must be exactly <see cref="SizeFor"/> the table's number of chunks long.</summary>
    public static Verdict<PackIndex> Decode(ReadOnlyMemory<byte> bytes, VerifiedChunkTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return Verdict.Of(() => Read(bytes.Span, table));
    }

    internal static byte[] Encode(Sha256Digest imageDigest, IReadOnlyList<int> lengths)
    {
        byte[] bytes = new byte[SizeFor(lengths.Count)];
        Magic.CopyTo(bytes);
        imageDigest.Bytes.CopyTo(bytes.AsSpan(Magic.Length));
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(HeadSize - 4), lengths.Count);
        for (int i = 0; i < lengths.Count; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(HeadSize + (4 * i)), lengths[i]);
        }

        return bytes;
    }

    private static PackIndex Read(ReadOnlySpan<byte> bytes, VerifiedChunkTable table)
    {
        int chunks = table.Table.Count;
        if (bytes.Length != SizeFor(chunks) || !bytes.StartsWith(Magic))
        {
            throw new RejectedException(RejectionReason.PackMalformed, $"pack: wanted a head and index of {SizeFor(chunks)} bytes that begin with FOTAPK01, got {bytes.Length} bytes");
        }

        Sha256Digest image = Sha256Digest.FromBytes(bytes.Slice(Magic.Length, Sha256Digest.Size));
        if (image != table.Image.Content.ImageDigest)
        {
            throw new RejectedException(RejectionReason.PackForAnotherImage, $"pack: wanted image {table.Image.Content.ImageDigest}, got {image}");
        }

        int count = BinaryPrimitives.ReadInt32BigEndian(bytes[(HeadSize - 4)..]);
        if (count != chunks)
        {
            throw new RejectedException(RejectionReason.PackMalformed, $"pack: wanted {chunks} frames, got {count}");
        }

        long[] starts = new long[chunks + 1];
        starts[0] = bytes.Length;
        for (int i = 0; i < chunks; i++)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes[(HeadSize + (4 * i))..]);
            int most = MaxFrame(table.Table.ChunkSize);
            if (length == 0 || length > most)
            {
                throw new RejectedException(RejectionReason.PackMalformed, $"pack: frame {i}: wanted 1 to {most} bytes, got {length}");
            }

            starts[i + 1] = starts[i] + length;
        }

        return new PackIndex(image, starts);
    }
}
