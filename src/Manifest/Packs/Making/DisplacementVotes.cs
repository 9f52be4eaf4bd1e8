using System.Runtime.InteropServices;

namespace Fota.Manifest.Packs;

/// <summary>
/// Where in the base the bytes of a chunk seem to come from: each fingerprint that both have votes for the distance between the two places, in its block of
/// 2 KiB and in the whole chunk.
/// </summary>
internal sealed class DisplacementVotes(FingerprintIndex index, int chunkSize)
{
    /// <summary>Length of a block in bytes.</summary>
    public const int BlockSize = 2048;

    private readonly List<Sample> _samples = [];
    private readonly Dictionary<long, int>[] _blocks = [.. Enumerable.Range(0, chunkSize / BlockSize).Select(static _ => new Dictionary<long, int>())];
    private readonly Dictionary<long, int> _chunk = [];

    /// <summary>Counts for one chunk.</summary>
    /// <param name="at">The chunk's place in the new image.</param>
    /// <param name="bytes">The chunk and, before it, <paramref name="before"/> bytes of the image.</param>
    /// <param name="before">How many those are.</param>
    public void Count(long at, ReadOnlySpan<byte> bytes, int before)
    {
        Array.ForEach(_blocks, static block => block.Clear());
        _chunk.Clear();
        index.Find(bytes, _samples);
        foreach (Sample sample in CollectionsMarshal.AsSpan(_samples))
        {
            int within = sample.At - before;
            if (within >= 0)
            {
                index.Lookup(sample.Key, place =>
                {
                    long displacement = place - (at + within);
                    CollectionsMarshal.GetValueRefOrAddDefault(_blocks[within / BlockSize], displacement, out _)++;
                    CollectionsMarshal.GetValueRefOrAddDefault(_chunk, displacement, out _)++;
                });
            }
        }
    }

    /// <summary>The displacements with most votes in the whole chunk, most first.</summary>
    public IReadOnlyList<long> OfChunk(int most) => Top(_chunk, most);

    /// <summary>The displacements with most votes in a block, most first.</summary>
    public IReadOnlyList<long> OfBlock(int block, int most) => Top(_blocks[block], most);

    // Ties are broken by the displacement itself: the same images give the same pack.
    private static IReadOnlyList<long> Top(Dictionary<long, int> votes, int most) => votes.Count == 0
        ? []
        : [.. votes.OrderByDescending(static vote => vote.Value).ThenBy(static vote => Math.Abs(vote.Key)).ThenBy(static vote => vote.Key).Take(most).Select(static vote => vote.Key)];
}
