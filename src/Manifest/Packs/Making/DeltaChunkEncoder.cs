using Fota.Interop.Zstd;

namespace Fota.Manifest.Packs;

/// <summary>
/// Finds the shortest way to say one chunk: a copy, or the best of several frames (of the chunk or of its difference to the base, against no, a small or a
/// large prefix). One instance serves one thread at a time.
/// </summary>
internal sealed class DeltaChunkEncoder : IDisposable
{
    // Large prefixes cost most of the time and gain little where a small one has said nearly everything.
    private const int SmallShare = 4, WorthLargePrefix = 8, NearlyNothing = 200;

    // Where a whole chunk stands elsewhere, nearly all its fingerprints vote for the place.
    private const int CopiesTried = 4;

    private readonly DeltaHead _head;
    private readonly PackProfile _profile;
    private readonly IRandomAccessImage _base;
    private readonly IRandomAccessImage _image;
    private readonly DisplacementVotes _votes;
    private readonly Alignment _alignment;
    private readonly ZstdCompressor _compressor;
    private readonly byte[] _bytes; // history and chunk
    private readonly byte[] _prefix;
    private readonly byte[] _rest;
    private readonly byte[] _other;
    private readonly byte[] _frame;
    private readonly PackBuffer _record = new();

    public DeltaChunkEncoder(DeltaHead head, FingerprintIndex index, IRandomAccessImage baseImage, IRandomAccessImage image, int level)
    {
        _head = head;
        _profile = PackProfile.For(head.ChunkSize);
        _base = baseImage;
        _image = image;
        _votes = new DisplacementVotes(index, head.ChunkSize);
        _alignment = new Alignment(head.ChunkSize);
        _compressor = new ZstdCompressor(level, _profile.WindowLog(head.ChunkSize), ZstdFrameFormat.Magicless);
        _bytes = new byte[_profile.HistorySize + head.ChunkSize];
        _prefix = new byte[_profile.PrefixSize];
        _rest = new byte[head.ChunkSize];
        _other = new byte[head.ChunkSize];
        _frame = new byte[ZstdCompressor.Bound(head.ChunkSize)];
    }

    /// <summary>Says chunk <paramref name="chunk"/>.</summary>
    /// <param name="chunk">Its number.</param>
    /// <param name="likely">A displacement that chunks before it were copied at.</param>
    public EncodedChunk Encode(int chunk, long likely)
    {
        long at = (long)chunk * _head.ChunkSize;
        int length = (int)Math.Min(_head.ChunkSize, _head.ImageSize - at), before = (int)Math.Min(_profile.HistorySize, at);
        _image.Read(at - before, _bytes.AsSpan(0, before + length));
        ReadOnlySpan<byte> content = _bytes.AsSpan(before, length);
        int context = Math.Min(FingerprintIndex.Window, before);
        _votes.Count(at, _bytes.AsSpan(before - context, context + length), context);
        IReadOnlyList<long> displacements = _votes.OfChunk(Alignment.MaxCandidates);
        foreach (long displacement in displacements.Take(CopiesTried).Prepend(0).Prepend(likely))
        {
            if (IsCopy(at + displacement, content))
            {
                return new EncodedChunk(displacement, null);
            }
        }

        IReadOnlyList<DeltaSegment> segments = _alignment.Align(at, content, displacements, _base, _rest);
        return new EncodedChunk(0, Shortest(chunk, content, before, segments));
    }

    public void Dispose() => _compressor.Dispose();

    private bool IsCopy(long start, ReadOnlySpan<byte> content)
    {
        if (start < 0 || start + content.Length > _base.Length)
        {
            return false;
        }

        Span<byte> other = _other.AsSpan(0, content.Length);
        _base.Read(start, other);
        return content.SequenceEqual(other);
    }

    private byte[] Shortest(int chunk, ReadOnlySpan<byte> content, int before, IReadOnlyList<DeltaSegment> segments)
    {
        ReadOnlySpan<byte> rest = _rest.AsSpan(0, content.Length);
        byte[]? difference = segments.Count == 0 ? null : Try(chunk, rest, 0, [], segments);
        if (difference is { Length: < NearlyNothing })
        {
            return difference;
        }

        (int history, IReadOnlyList<(long Start, int Length)> ranges) = Gather(chunk, content.Length, before, SmallShare);
        byte[] plain = Try(chunk, content, history, ranges, []), best = Shorter(difference, plain);
        if (segments.Count > 0)
        {
            byte[] both = Try(chunk, rest, history, ranges, segments);
            difference = Shorter(difference, both);
            best = Shorter(best, difference);
        }

        if (best.Length < content.Length / WorthLargePrefix || _profile == PackProfile.Microcontroller)
        {
            return best;
        }

        (history, ranges) = Gather(chunk, content.Length, before, 1);
        return Shorter(best, ReferenceEquals(best, difference) ? Try(chunk, rest, history, ranges, segments) : Try(chunk, content, history, ranges, []));
    }

    // History and ranges of the profile's prefix or of a share of it; a microcontroller's is small as it is.
    private (int History, IReadOnlyList<(long Start, int Length)> Ranges) Gather(int chunk, int length, int before, int share)
    {
        int parts = _profile == PackProfile.Microcontroller ? 1 : share;
        int history = Math.Min(before, _profile.HistorySize / parts) / DeltaRecord.HistoryUnit * DeltaRecord.HistoryUnit;
        int budget = (_profile.PrefixSize - _profile.HistorySize) / parts;
        IReadOnlyList<(long Start, int Length)> ranges = GatheredRanges.Choose(_votes, (long)chunk * _head.ChunkSize, length, _base.Length, budget);
        _bytes.AsSpan(before - history, history).CopyTo(_prefix);
        int filled = history;
        foreach ((long start, int count) in ranges)
        {
            _base.Read(start, _prefix.AsSpan(filled, count));
            filled += count;
        }

        return (history, ranges);
    }

    private byte[] Try(int chunk, ReadOnlySpan<byte> content, int history, IReadOnlyList<(long Start, int Length)> ranges, IReadOnlyList<DeltaSegment> segments)
    {
        int prefix = history + ranges.Sum(static range => range.Length);
        int length = _compressor.Compress(_prefix.AsSpan(0, prefix), content, _frame);
        _record.Clear();
        DeltaRecord.Encode(_record, _head, chunk, history, ranges, segments, _frame.AsSpan(0, length));
        return _record.ToArray();
    }

    private static byte[] Shorter(byte[]? first, byte[] second) => first is null || second.Length < first.Length ? second : first;
}

/// <summary>How a chunk is said: a record, or, where that is null, a copy at the displacement.</summary>
internal readonly record struct EncodedChunk(long Displacement, byte[]? Record);
