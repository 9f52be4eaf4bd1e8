using System.Runtime.InteropServices;

namespace Fota.Manifest.Packs;

/// <summary>
/// One chunk of a delta pack that is no copy (docs/spec/packs.md, "Record"): how its prefix is gathered, which base bytes are to be added to what the frame
/// yields, and the frame.
/// </summary>
internal readonly ref struct DeltaRecord
{
    /// <summary>Bytes of the new image's history are counted in this unit.</summary>
    public const int HistoryUnit = 1024;

    /// <summary>Ranges of the base begin and end at multiples of this, or at the base's end.</summary>
    public const int RangeUnit = 64;

    /// <summary>Most ranges, and most segments.</summary>
    public const int MaxParts = 4096;

    private DeltaRecord(int history, ReadOnlySpan<byte> frame)
    {
        History = history;
        Frame = frame;
    }

    /// <summary>How many bytes of the new image before the chunk begin the prefix.</summary>
    public int History { get; }

    /// <summary>One magicless zstd frame.</summary>
    public ReadOnlySpan<byte> Frame { get; }

    /// <summary>Decodes the record of a chunk. The lists are the caller's, so that a long image does not leave thousands of them behind.</summary>
    /// <param name="head">The pack's head.</param>
    /// <param name="chunk">The chunk's number.</param>
    /// <param name="bytes">The record.</param>
    /// <param name="ranges">Receives the ranges of the base that follow the history in the prefix: in order, and apart.</param>
    /// <param name="segments">Receives what is added to the frame's content; nothing when that is the chunk itself.</param>
    /// <exception cref="RejectedException">It reaches outside of the base or the image, or gathers more than the profile allows.</exception>
    public static DeltaRecord Decode(DeltaHead head, int chunk, ReadOnlySpan<byte> bytes, List<(long Start, int Length)> ranges, List<DeltaSegment> segments)
    {
        PackProfile profile = PackProfile.For(head.ChunkSize);
        PackCursor cursor = new(bytes, $"delta pack: record of chunk {chunk}");
        long at = (long)chunk * head.ChunkSize;
        long history = cursor.Unsigned(0, Math.Min(profile.HistorySize, at) / HistoryUnit, "a history") * HistoryUnit;
        ranges.Clear();
        segments.Clear();
        ReadRanges(ref cursor, head, at, profile.PrefixSize - (int)history, ranges);
        ReadSegments(ref cursor, head, at, (int)Math.Min(head.ChunkSize, head.ImageSize - at), segments);
        return new DeltaRecord((int)history, cursor.Rest);
    }

    public static void Encode(PackBuffer record, DeltaHead head, int chunk, int history, IReadOnlyList<(long Start, int Length)> ranges, IReadOnlyList<DeltaSegment> segments, ReadOnlySpan<byte> frame)
    {
        record.Unsigned(history / HistoryUnit);
        record.Unsigned(ranges.Count);
        long end = (long)chunk * head.ChunkSize / RangeUnit;
        for (int i = 0; i < ranges.Count; i++)
        {
            long start = ranges[i].Start / RangeUnit, units = (ranges[i].Length + RangeUnit - 1L) / RangeUnit;
            if (i == 0)
            {
                record.Signed(start - end);
            }
            else
            {
                record.Unsigned(start - end);
            }

            record.Unsigned(units - 1);
            end = start + units;
        }

        record.Unsigned(segments.Count);
        long last = 0;
        for (int i = 0; i < segments.Count; i++)
        {
            DeltaSegment segment = segments[i];
            record.Unsigned(((i == segments.Count - 1 ? 0L : segment.Length) << 1) | (segment.Displacement is null ? 0L : 1L));
            if (segment.Displacement is { } displacement)
            {
                record.Signed(displacement - last);
                last = displacement;
            }
        }

        record.Append(frame);
    }

    private static void ReadRanges(ref PackCursor cursor, DeltaHead head, long at, int room, List<(long Start, int Length)> ranges)
    {
        int count = (int)cursor.Unsigned(0, MaxParts, "ranges");
        long end = at / RangeUnit;
        for (int i = 0; i < count; i++)
        {
            // Counted from the end of the range before: so ranges cannot overlap.
            long first = end + (i == 0 ? cursor.Signed() : cursor.Unsigned()), units = cursor.Unsigned() + 1, start = first * RangeUnit;
            if (first < 0 || start >= head.BaseSize || units > ((head.BaseSize - start - 1) / RangeUnit) + 1)
            {
                throw cursor.Malformed($"ranges inside the base's {head.BaseSize} bytes, got {units * RangeUnit} bytes at {start}");
            }

            long length = Math.Min(units * RangeUnit, head.BaseSize - start);
            room = length <= room ? room - (int)length : throw cursor.Malformed($"a prefix of at most {PackProfile.For(head.ChunkSize).PrefixSize} bytes, got more");
            ranges.Add((start, (int)length));
            end = first + units;
        }
    }

    private static void ReadSegments(ref PackCursor cursor, DeltaHead head, long at, int chunkLength, List<DeltaSegment> segments)
    {
        int count = (int)cursor.Unsigned(0, MaxParts, "segments"), left = chunkLength;
        long displacement = 0;
        for (int i = 0; i < count; i++)
        {
            long coded = cursor.Unsigned(), length = i == count - 1 && coded >> 1 == 0 ? left : coded >> 1;
            if (length < 1 || length > left || (i == count - 1 && length != left))
            {
                throw cursor.Malformed($"segments of {chunkLength} bytes together, got {length} where {left} are left");
            }

            if ((coded & 1) != 0)
            {
                displacement += cursor.Signed();
                long start = at + chunkLength - left + displacement;
                if (start < 0 || start + length > head.BaseSize)
                {
                    throw cursor.Malformed($"segments inside the base's {head.BaseSize} bytes, got {length} bytes at {start}");
                }
            }

            segments.Add(new DeltaSegment((int)length, (coded & 1) != 0 ? displacement : null));
            left -= (int)length;
        }
    }
}

/// <summary>A stretch of a chunk that is compressed as its difference to base bytes.</summary>
/// <param name="Length">Length in bytes.</param>
/// <param name="Displacement">What is added to its place in the new image to find the base bytes; null when it stands for itself.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct DeltaSegment(int Length, long? Displacement);
