using System.Numerics;

namespace Fota.Manifest.Packs;

/// <summary>
/// Lays a chunk beside the base: for each stretch of it the displacement at which most of its bytes are the base's, where few enough changes are worth a
/// switch. What is left after subtraction is mostly zeros even where every address in the code moved (C. Percival, "Naive differences of executable code").
/// </summary>
internal sealed class Alignment(int chunkSize)
{
    /// <summary>Most displacements that are tried for a chunk.</summary>
    public const int MaxCandidates = 48;

    private const int Cell = 32, SwitchCost = 20;

    // A stretch is worth subtracting from when more than five eighths of its bytes are the base's.
    private const int NoneNumerator = 5, NoneDenominator = 8, OutOfBase = -1000;

    private readonly int _most = Math.Clamp(4 * 1024 * 1024 / chunkSize, 4, MaxCandidates);
    private readonly byte[][] _windows = new byte[MaxCandidates][];

    /// <summary>The segments of <paramref name="chunk"/>, and what is left of it after they were subtracted. No segments when the base is of no use, or in more pieces than a record may have.</summary>
    public IReadOnlyList<DeltaSegment> Align(long at, ReadOnlySpan<byte> chunk, IReadOnlyList<long> candidates, IRandomAccessImage baseImage, Span<byte> rest)
    {
        long[] displacements = [.. candidates.Take(_most)];
        (int From, int To)[] valid = Load(at, chunk.Length, displacements, baseImage);
        int[] picked = Pick(chunk, displacements.Length, valid);
        List<DeltaSegment> segments = Segments(chunk.Length, picked, displacements);
        Refine(chunk, segments, displacements, valid);
        chunk.CopyTo(rest);
        int start = 0;
        foreach (DeltaSegment segment in segments)
        {
            if (segment.Displacement is { } displacement)
            {
                Subtract(rest.Slice(start, segment.Length), _windows[Array.IndexOf(displacements, displacement)].AsSpan(start, segment.Length));
            }

            start += segment.Length;
        }

        return segments.Count <= DeltaRecord.MaxParts && segments.Exists(static segment => segment.Displacement is not null) ? segments : [];
    }

    private static void Subtract(Span<byte> content, ReadOnlySpan<byte> subtracted)
    {
        for (int i = 0; i < content.Length; i++)
        {
            content[i] = unchecked((byte)(content[i] - subtracted[i]));
        }
    }

    private static int Equal(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        int equal = 0, i = 0;
        for (; left.Length - i >= Vector<byte>.Count; i += Vector<byte>.Count)
        {
            equal += Vector.Sum(Vector.Equals(new Vector<byte>(left[i..]), new Vector<byte>(right[i..])) & Vector<byte>.One);
        }

        for (; i < left.Length; i++)
        {
            equal += left[i] == right[i] ? 1 : 0;
        }

        return equal;
    }

    private (int From, int To)[] Load(long at, int length, long[] displacements, IRandomAccessImage baseImage)
    {
        (int From, int To)[] valid = new (int, int)[displacements.Length];
        for (int j = 0; j < displacements.Length; j++)
        {
            long start = at + displacements[j];
            int from = (int)Math.Clamp(-start, 0, length), to = (int)Math.Clamp(baseImage.Length - start, from, length);
            byte[] window = _windows[j] ??= new byte[chunkSize];
            baseImage.Read(start + from, window.AsSpan(from, to - from));
            valid[j] = (from, to);
        }

        return valid;
    }

    // The best path through cells and displacements: a switch costs as much as the bytes that it must win.
    private int[] Pick(ReadOnlySpan<byte> chunk, int candidates, (int From, int To)[] valid)
    {
        int cells = (chunk.Length + Cell - 1) / Cell, none = candidates, choices = candidates + 1;
        int[] score = new int[choices], next = new int[choices];
        byte[] came = new byte[cells * choices];
        for (int cell = 0; cell < cells; cell++)
        {
            int start = cell * Cell, length = Math.Min(Cell, chunk.Length - start), best = score.AsSpan().IndexOf(score.Max()), switched = score[best] - SwitchCost;
            for (int j = 0; j < choices; j++)
            {
                int won = j == none ? length * NoneNumerator / NoneDenominator
                    : start < valid[j].From || start + length > valid[j].To ? OutOfBase
                    : Equal(chunk.Slice(start, length), _windows[j].AsSpan(start, length));
                bool stays = score[j] >= switched;
                next[j] = (stays ? score[j] : switched) + won;
                came[(cell * choices) + j] = (byte)(stays ? j : best);
            }

            (score, next) = (next, score);
        }

        int[] picked = new int[cells];
        for (int cell = cells - 1, at = score.AsSpan().IndexOf(score.Max()); cell >= 0; cell--)
        {
            picked[cell] = at;
            at = came[(cell * choices) + at];
        }

        return picked;
    }

    private static List<DeltaSegment> Segments(int length, int[] picked, long[] displacements)
    {
        List<DeltaSegment> segments = [];
        for (int first = 0, end; first < picked.Length; first = end)
        {
            for (end = first + 1; end < picked.Length && picked[end] == picked[first];)
            {
                end++;
            }

            segments.Add(new DeltaSegment(Math.Min(end * Cell, length) - (first * Cell), picked[first] < displacements.Length ? displacements[picked[first]] : null));
        }

        return segments;
    }

    // The switch from one displacement to the next is moved to the byte where it costs least.
    private void Refine(ReadOnlySpan<byte> chunk, List<DeltaSegment> segments, long[] displacements, (int From, int To)[] valid)
    {
        int border = 0;
        for (int i = 0; i + 1 < segments.Count; i++)
        {
            border += segments[i].Length;
            if (segments[i].Displacement is not { } left || segments[i + 1].Displacement is not { } right)
            {
                continue;
            }

            // Beyond the base's ends a window holds what was left there.
            int first = Array.IndexOf(displacements, left), second = Array.IndexOf(displacements, right), won = 0, bestWon = 0, best = 0;
            byte[] before = _windows[first], after = _windows[second];
            int reach = Math.Min(Cell, Math.Min(segments[i].Length, segments[i + 1].Length) - 1);
            int reachBack = Math.Min(reach, border - valid[second].From), reachOn = Math.Min(reach, valid[first].To - border);
            for (int step = 1; step <= reachBack; step++)
            {
                won += Gain(chunk[border - step], after[border - step], before[border - step]);
                (bestWon, best) = won > bestWon ? (won, -step) : (bestWon, best);
            }

            won = 0;
            for (int step = 0; step < reachOn; step++)
            {
                won += Gain(chunk[border + step], before[border + step], after[border + step]);
                (bestWon, best) = won > bestWon ? (won, step + 1) : (bestWon, best);
            }

            segments[i] = segments[i] with { Length = segments[i].Length + best };
            segments[i + 1] = segments[i + 1] with { Length = segments[i + 1].Length - best };
            border += best;
        }
    }

    private static int Gain(byte wanted, byte instead, byte now) => (wanted == instead ? 1 : 0) - (wanted == now ? 1 : 0);
}
