namespace Fota.TestKit.Fuzzing;

/// <summary>Alters a document at 1 to 8 places: bits, bytes, cuts, copies, lengths, and words that the format knows.</summary>
public sealed class Mutator(IReadOnlyList<byte[]> seeds, IReadOnlyList<byte[]> words)
{
    /// <summary>No mutation makes a document longer than this many bytes more.</summary>
    private const int MostGrowth = 4096;

    // Heads of CBOR items and numbers at the edges of their encodings; in JSON they are noise, which is wanted too.
    private static readonly byte[][] s_edges =
    [
        [0x00], [0x17], [0x18, 0x18], [0x18, 0xff], [0x19, 0xff, 0xff], [0x1a, 0x7f, 0xff, 0xff, 0xff], [0x1a, 0xff, 0xff, 0xff, 0xff],
        [0x1b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x20],
        [0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x40], [0x5a, 0x7f, 0xff, 0xff, 0xff],
        [0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x5f], [0x60], [0x7f], [0x80], [0x81], [0x9a, 0x7f, 0xff, 0xff, 0xff], [0x9f], [0xa0], [0xa1],
        [0xba, 0x7f, 0xff, 0xff, 0xff], [0xbf], [0xd2], [0xd8, 0x6b], [0xf4], [0xf5], [0xf6], [0xf7], [0xf9, 0x7e, 0x00], [0xfb], [0xff], [0x1c],
        [0xff, 0xff, 0xff, 0xff], [0x7f, 0xff, 0xff, 0xff], [0x80, 0x00, 0x00, 0x00], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0x0a], [0x20, 0x20],
    ];

    public byte[] Mutate(SplitMix chance)
    {
        ArgumentNullException.ThrowIfNull(chance);
        List<byte> document = [.. seeds[chance.Below(seeds.Count)]];
        int most = document.Count + MostGrowth;
        for (int left = 1 << chance.Below(4); left > 0; left--)
        {
            Step(document, chance);
            if (document.Count > most)
            {
                document.RemoveRange(most, document.Count - most);
            }
        }

        return [.. document];
    }

    private void Step(List<byte> document, SplitMix chance)
    {
        int at = document.Count == 0 ? 0 : chance.Below(document.Count);
        int length = Math.Min(document.Count - at, 1 + chance.Below(1 << chance.Below(9)));
        switch (chance.Below(10))
        {
            case 0 or 1 when document.Count > 0:
                document[at] ^= (byte)(1 << chance.Below(8));
                break;
            case 2 when document.Count > 0:
                document[at] = (byte)chance.Below(256);
                break;
            case 3 when document.Count > 0:
                document[at] = unchecked((byte)(document[at] + (chance.Below(2) == 0 ? 1 : -1)));
                break;
            case 4:
                document.RemoveRange(at, length);
                break;
            case 5:
                document.InsertRange(at, [.. document.GetRange(at, length)]);
                break;
            case 6:
                document.InsertRange(at, Piece(chance));
                break;
            case 7:
                Overwrite(document, at, Pick(s_edges, chance));
                break;
            case 8 when words.Count > 0:
                ReplaceWord(document, at, chance);
                break;
            default:
                if (chance.Below(4) == 0)
                {
                    document.RemoveRange(at, document.Count - at);
                }
                else
                {
                    document.InsertRange(at, Pick(s_edges, chance));
                }

                break;
        }
    }

    private byte[] Piece(SplitMix chance)
    {
        byte[] other = Pick(seeds, chance);
        int at = other.Length == 0 ? 0 : chance.Below(other.Length);
        return other[at..(at + Math.Min(other.Length - at, 1 + chance.Below(1 << chance.Below(10))))];
    }

    // One word of the format for another: so a document stays well formed and says something else.
    private void ReplaceWord(List<byte> document, int from, SplitMix chance)
    {
        byte[] bytes = [.. document];
        byte[] old = Pick(words, chance);
        int found = bytes.AsSpan(from).IndexOf(old);
        int at = found >= 0 ? from + found : bytes.AsSpan().IndexOf(old);
        if (at >= 0)
        {
            document.RemoveRange(at, old.Length);
            document.InsertRange(at, Pick(words, chance));
        }
    }

    private static void Overwrite(List<byte> document, int at, byte[] piece)
    {
        document.RemoveRange(at, Math.Min(piece.Length, document.Count - at));
        document.InsertRange(at, piece);
    }

    private static byte[] Pick(IReadOnlyList<byte[]> from, SplitMix chance) => from[chance.Below(from.Count)];
}
