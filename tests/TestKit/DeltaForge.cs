using System.Buffers.Binary;
using System.Numerics;
using Fota.Interop.Zstd;
using Fota.Manifest;

namespace Fota.TestKit;

/// <summary>Writes delta packs by hand, after docs/spec/packs.md, so that each of their fields can be wrong.</summary>
public sealed class DeltaForge
{
    private readonly byte[] _base;
    private readonly SampleRelease _release;
    private readonly List<byte> _plan = [];
    private readonly List<byte> _digests = [];
    private readonly List<byte> _records = [];
    private int _chunk;

    public DeltaForge(SampleRelease release, byte[] baseImage)
    {
        _release = release;
        _base = baseImage;
    }

    public Sha256Digest? BaseName { get; init; }

    public Sha256Digest? ImageName { get; init; }

    public byte? ChunkLog { get; init; }

    public long? BaseSize { get; init; }

    public long? ImageSize { get; init; }

    public static byte[] Varint(long value)
    {
        List<byte> bytes = [];
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)((value & 0x7F) | 0x80));
        }

        return [.. bytes, (byte)value];
    }

    public static byte[] Zigzag(long value) => Varint((value << 1) ^ (value >> 63));

    /// <summary>A frame of these bytes against no prefix.</summary>
    public static byte[] Frame(byte[] content, byte[]? prefix = null)
    {
        using ZstdCompressor compressor = new(3, 21, ZstdFrameFormat.Magicless);
        byte[] frame = new byte[ZstdCompressor.Bound(content.Length)];
        return frame[..compressor.Compress(prefix ?? [], content, frame)];
    }

    public byte[] Chunk(int index) => _release.Image.AsSpan(index * _release.Table.ChunkSize, _release.Table.LengthOf(index)).ToArray();

    public DeltaForge Plan(params byte[][] pieces)
    {
        _plan.AddRange(pieces.SelectMany(static piece => piece));
        return this;
    }

    public DeltaForge Copies(int count, long displacement)
    {
        _chunk += count;
        return Plan(Varint((count - 1L) << 1), Zigzag(displacement));
    }

    /// <summary>The next chunk has this record.</summary>
    public DeltaForge Record(params byte[][] pieces)
    {
        byte[] record = [.. pieces.SelectMany(static piece => piece)];
        Plan(Varint(1), Varint(record.Length));
        _records.AddRange(record);
        _digests.AddRange(Sha256Digest.Of(Chunk(_chunk++)).Bytes.ToArray());
        return this;
    }

    /// <summary>The next chunk stands for itself.</summary>
    public DeltaForge Stored() => Record([0], [0], [0], Frame(Chunk(_chunk)));

    /// <summary>So do all others.</summary>
    public byte[] Rest()
    {
        while (_chunk < _release.Table.Count)
        {
            Stored();
        }

        return ToArray();
    }

    public byte[] ToArray() => [.. Head(), .. _plan, .. _digests, .. _records];

    private byte[] Head()
    {
        byte[] head = new byte[54];
        "FOTADP01"u8.CopyTo(head);
        (BaseName ?? Sha256Digest.Of(_base)).Bytes[..16].CopyTo(head.AsSpan(8));
        (ImageName ?? Sha256Digest.Of(_release.Image)).Bytes[..16].CopyTo(head.AsSpan(24));
        head[40] = ChunkLog ?? (byte)BitOperations.Log2((uint)_release.Table.ChunkSize);
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(42), (uint)(ImageSize ?? _release.Image.Length));
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(47), (uint)(BaseSize ?? _base.Length));
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(52), (ushort)_plan.Count);
        return head;
    }
}
