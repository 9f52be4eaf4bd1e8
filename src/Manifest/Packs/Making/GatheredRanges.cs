namespace Fota.Manifest.Packs;

/// <summary>Chooses the ranges of the base that a chunk is compressed against: what its blocks voted for, joined, and widened until the budget is used.</summary>
internal static class GatheredRanges
{
    private const int Margin = 1024, Joined = 2048, VotesPerBlock = 2;

    /// <summary>Ranges in order and apart, at most <paramref name="budget"/> bytes of them.</summary>
    public static IReadOnlyList<(long Start, int Length)> Choose(DisplacementVotes votes, long at, int length, long baseSize, int budget)
    {
        List<(long Start, long End)> ranges = [];
        for (int block = 0; block * DisplacementVotes.BlockSize < length; block++)
        {
            foreach (long displacement in votes.OfBlock(block, VotesPerBlock))
            {
                long start = at + (block * DisplacementVotes.BlockSize) + displacement;
                Add(ranges, start - Margin, start + DisplacementVotes.BlockSize + Margin, baseSize);
            }
        }

        if (ranges.Count == 0)
        {
            // Nothing of it is known: what stood about here before is the best guess.
            Add(ranges, at - (budget / 4), at + (budget / 4), baseSize);
        }

        List<(long Start, long End)> joined = Join(ranges, Joined), widened = Widen(joined, baseSize, budget);
        return [.. Within(widened, budget)];
    }

    private static void Add(List<(long Start, long End)> ranges, long start, long end, long baseSize)
    {
        long first = Math.Max(0, start), last = Math.Min(baseSize, end);
        if (first < last)
        {
            ranges.Add((first, last));
        }
    }

    private static List<(long Start, long End)> Join(List<(long Start, long End)> ranges, int gap)
    {
        ranges.Sort();
        List<(long Start, long End)> joined = [];
        foreach ((long start, long end) in ranges)
        {
            if (joined.Count > 0 && start <= joined[^1].End + gap)
            {
                joined[^1] = (joined[^1].Start, Math.Max(joined[^1].End, end));
            }
            else
            {
                joined.Add((start, end));
            }
        }

        return joined;
    }

    private static List<(long Start, long End)> Widen(List<(long Start, long End)> ranges, long baseSize, int budget)
    {
        long spare = budget - ranges.Sum(static range => range.End - range.Start);
        if (spare <= 0 || ranges.Count == 0)
        {
            return ranges;
        }

        long each = spare / (2 * ranges.Count);
        return Join([.. ranges.Select(range => (Math.Max(0, range.Start - each), Math.Min(baseSize, range.End + each)))], 0);
    }

    // Cut to the unit that records count in: what is outside of it would be read and never found.
    private static IEnumerable<(long Start, int Length)> Within(List<(long Start, long End)> ranges, int budget)
    {
        long left = budget / DeltaRecord.RangeUnit * DeltaRecord.RangeUnit, free = 0;
        foreach ((long from, long end) in ranges)
        {
            long start = Math.Max(free, from / DeltaRecord.RangeUnit * DeltaRecord.RangeUnit), length = Math.Min(left, end - start);
            if (length < DeltaRecord.RangeUnit)
            {
                continue;
            }

            length = length / DeltaRecord.RangeUnit * DeltaRecord.RangeUnit;
            yield return (start, (int)length);
            left -= length;
            free = start + length;
        }
    }
}
