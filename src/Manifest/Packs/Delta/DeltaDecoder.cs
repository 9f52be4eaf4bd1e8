using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Fota.Interop.Zstd;

namespace Fota.Manifest.Packs;

/// <summary>
/// Decodes delta packs: a chunk is a copy of base bytes, or a frame against a prefix that is gathered from the base and from the new image. A cache before the base
/// is part of the fixed memory.
/// </summary>
internal sealed class DeltaDecoder : ChunkDecoder
{
    // Ours read three times the image at the most.
    private const int MostReads = 8, Slack = 16 * 1024 * 1024;

    private readonly DeltaPack _pack;
    private readonly IRandomAccessImage _uncached;
    private readonly CachedImage _base;
    private readonly ZstdDecompressor _decompressor;
    private readonly History _history;
    private readonly byte[] _prefix;
    private readonly byte[] _content;
    private readonly byte[] _added;
    private readonly List<(long Start, int Length)> _ranges = [];
    private readonly List<DeltaSegment> _segments = [];

    public DeltaDecoder(ChunkTable table, DeltaPack pack, IRandomAccessImage baseImage)
        : base(table)
    {
        PackProfile profile = PackProfile.For(table.ChunkSize);
        _pack = pack;
        _uncached = baseImage;
        _base = new CachedImage(baseImage, (MostReads * table.ImageSize) + Slack);
        _decompressor = new ZstdDecompressor(profile.WindowLog(table.ChunkSize), ZstdFrameFormat.Magicless);
        _history = new History(profile.HistorySize, table.ChunkSize);
        _prefix = new byte[profile.PrefixSize];
        _content = new byte[table.ChunkSize];
        _added = new byte[table.ChunkSize];
    }

    public override int NextLength => NextChunk == Table.Count ? 0 : _pack.Plan.RecordLength(NextChunk);

    public override long NextStart => NextLength == 0 ? PackSize : _pack.RecordsStart + _pack.Plan.RecordStart(NextChunk);

    public override (long Start, int Length) BytesOf(int chunk) =>
        _pack.Plan.IsCopy(chunk) ? (PackSize, 0) : (_pack.RecordsStart + _pack.Plan.RecordStart(chunk), _pack.Plan.RecordLength(chunk));

    public override int MaxLength => DeltaPlan.MaxRecord(Table.ChunkSize);

    public override long PackSize => _pack.PackSize;

    /// <summary>Bytes of the base that were read from where it lies.</summary>
    public long BaseBytesRead => _base.BytesRead;

    public override ReadOnlySpan<byte> Decode(ReadOnlySpan<byte> bytes)
    {
        Span<byte> content = _content.AsSpan(0, Table.LengthOf(NextChunk));
        long at = (long)NextChunk * Table.ChunkSize;
        if (_pack.Plan.IsCopy(NextChunk))
        {
            _base.Read(at + _pack.Plan.Displacement(NextChunk), content);
            return content;
        }

        DeltaRecord record = DeltaRecord.Decode(_pack.Head, NextChunk, bytes, _ranges, _segments);
        if (!_decompressor.TryDecompress(Gather(record), record.Frame, content, out int written, out string? error) || written != content.Length)
        {
            throw new RejectedException(RejectionReason.FrameInvalid, $"record of chunk {NextChunk}: wanted one zstd frame of {content.Length} bytes of content, got {error ?? $"{written} bytes"}");
        }

        foreach (DeltaSegment segment in CollectionsMarshal.AsSpan(_segments))
        {
            if (segment.Displacement is { } displacement)
            {
                Span<byte> added = _added.AsSpan(0, segment.Length);
                _base.Read(at + displacement, added);
                Add(content[..segment.Length], added);
            }

            content = content[segment.Length..];
            at += segment.Length;
        }

        return _content.AsSpan(0, written);
    }

    public override Rejection Refuse(Rejection rejection) => rejection.Reason is RejectionReason.ChunkMismatch or RejectionReason.FrameInvalid ? _pack.Explain(rejection, _uncached) : rejection;

    public override void Dispose() => _decompressor.Dispose();

    protected override void Remember(ReadOnlySpan<byte> chunk) => _history.Append(chunk);

    /// <summary>Adds byte by byte, without carry.</summary>
    private static void Add(Span<byte> content, ReadOnlySpan<byte> added)
    {
        // 128 bits are what code that is compiled ahead may count on.
        int done = 0;
        for (; content.Length - done >= Vector128<byte>.Count; done += Vector128<byte>.Count)
        {
            (Vector128.Create(content[done..]) + Vector128.Create(added[done..])).CopyTo(content[done..]);
        }

        for (; done < content.Length; done++)
        {
            content[done] = unchecked((byte)(content[done] + added[done]));
        }
    }

    private ReadOnlySpan<byte> Gather(DeltaRecord record)
    {
        // What a reader that resumed has behind it is as much as one that did not.
        _history.Bytes[^record.History..].CopyTo(_prefix);
        int length = record.History;
        foreach ((long start, int count) in CollectionsMarshal.AsSpan(_ranges))
        {
            _base.Read(start, _prefix.AsSpan(length, count));
            length += count;
        }

        return _prefix.AsSpan(0, length);
    }
}
