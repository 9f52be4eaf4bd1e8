using Fota.Interop.Zstd;

namespace Fota.Manifest.Packs;

/// <summary>
/// What a delta pack says of each chunk, in order: it is a copy of base bytes, or it has a record. As text (docs/spec/packs.md, "Plan"): runs, so that an image
/// most of which only moved takes a few bytes.
/// </summary>
internal sealed class DeltaPlan
{
    // A record is a compressed chunk and the places that it refers to, which are worth their bytes or are not listed.
    private const int MaxListing = 16 * 1024;

    private readonly int[] _lengths; // of the record; 0 for a copy
    private readonly long[] _values; // of a record its start behind the digests, of a copy its displacement

    private DeltaPlan(int[] lengths, long[] values, int records, long size)
    {
        _lengths = lengths;
        _values = values;
        Records = records;
        RecordBytes = size;
    }

    /// <summary>How many chunks have a record.</summary>
    public int Records { get; }

    /// <summary>Length of all records in bytes.</summary>
    public long RecordBytes { get; }

    /// <summary>Longest record of one chunk, in bytes; a longer one is refused before it is fetched (A06).</summary>
    public static int MaxRecord(int chunkSize) => ZstdCompressor.Bound(chunkSize) + MaxListing;

    /// <summary>Whether the chunk is a copy.</summary>
    public bool IsCopy(int chunk) => _lengths[chunk] == 0;

    /// <summary>Length of the chunk's record in bytes; 0 for a copy.</summary>
    public int RecordLength(int chunk) => _lengths[chunk];

    /// <summary>Where the chunk's record begins, counted from the first record.</summary>
    public long RecordStart(int chunk) => _values[chunk];

    /// <summary>What is added to the chunk's place in the new image to find its bytes in the base.</summary>
    public long Displacement(int chunk) => _values[chunk];

    /// <exception cref="RejectedException">It does not cover the image's chunks, or copies what is not in the base.</exception>
    public static DeltaPlan Decode(DeltaHead head, ReadOnlySpan<byte> bytes)
    {
        PackCursor cursor = new(bytes, "delta pack: plan");
        int count = head.Chunks, records = 0, chunk = 0, most = MaxRecord(head.ChunkSize);
        int[] lengths = new int[count];
        long[] values = new long[count];
        long start = 0, displacement = 0;
        while (chunk < count)
        {
            long kind = cursor.Unsigned();
            long run = (kind >> 1) + 1;
            if (run > count - chunk)
            {
                throw cursor.Malformed($"{count} chunks, got more");
            }

            if ((kind & 1) == 0)
            {
                displacement += cursor.Signed();
                RequireInside(head, chunk, run, displacement, cursor);
                values.AsSpan(chunk, (int)run).Fill(displacement);
                chunk += (int)run;
                continue;
            }

            for (int end = chunk + (int)run; chunk < end; chunk++, records++)
            {
                lengths[chunk] = (int)cursor.Unsigned(1, most, "a record");
                values[chunk] = start;
                start += lengths[chunk];
            }
        }

        return cursor.Rest.IsEmpty ? new DeltaPlan(lengths, values, records, start) : throw cursor.Malformed($"nothing after {count} chunks, got {cursor.Rest.Length} bytes");
    }

    /// <summary>The plan of chunks that are copies (with their displacement) or have a record (with its length).</summary>
    public static byte[] Encode(IReadOnlyList<(int RecordLength, long Displacement)> chunks)
    {
        PackBuffer plan = new();
        long last = 0;
        for (int first = 0, end; first < chunks.Count; first = end)
        {
            (int length, long displacement) = chunks[first];
            bool isCopy = length == 0;
            for (end = first + 1; end < chunks.Count && (chunks[end].RecordLength == 0) == isCopy && (!isCopy || chunks[end].Displacement == displacement);)
            {
                end++;
            }

            plan.Unsigned(((end - first - 1L) << 1) | (isCopy ? 0L : 1L));
            if (isCopy)
            {
                plan.Signed(displacement - last);
                last = displacement;
                continue;
            }

            for (int i = first; i < end; i++)
            {
                plan.Unsigned(chunks[i].RecordLength);
            }
        }

        return plan.ToArray();
    }

    private static void RequireInside(DeltaHead head, int first, long run, long displacement, PackCursor cursor)
    {
        long start = ((long)first * head.ChunkSize) + displacement, end = Math.Min(head.ImageSize, (first + run) * head.ChunkSize) + displacement;
        if (start < 0 || end > head.BaseSize)
        {
            throw cursor.Malformed($"copies from inside the base's {head.BaseSize} bytes, got {start} to {end}");
        }
    }
}
