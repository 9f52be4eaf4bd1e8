using Fota.Interop.Zstd;

namespace Fota.Manifest.Packs;

/// <summary>
/// Makes full packs: one zstd frame a chunk, each against up to <see cref="PackIndex.HistorySize"/> bytes of the image before it. The same
/// image gives the same pack under the same libzstd.
/// </summary>
public static class FullPackWriter
{
    /// <summary>
    /// zstd's level for packs. Each frame indexes its own history again, which makes the highest levels slow (19 takes about three times as long)
    /// for a few per cent.
    /// </summary>
    public const int DefaultLevel = 12;

    private const int Batch = 16;

    /// <summary>Writes the pack of <paramref name="image"/> to <paramref name="output"/>.</summary>
    /// <param name="image">A seekable stream of exactly the table's image.</param>
    /// <param name="table">The image's chunk table.</param>
    /// <param name="imageDigest">SHA-256 of the image.</param>
    /// <param name="output">A seekable stream; written from its present position.</param>
    /// <param name="level">zstd level, 1 to 19.</param>
    /// <param name="progress">Told the number of chunks done, now and then.</param>
    /// <param name="cancellation">Stops between chunks; then nothing was written that counts.</param>
    public static void Write(Stream image, ChunkTable table, Sha256Digest imageDigest, Stream output, int level = DefaultLevel, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(imageDigest);
        ArgumentNullException.ThrowIfNull(output);
        long start = output.Position;
        output.Position = start + PackIndex.SizeFor(table.Count);
        int[] lengths = new int[table.Count];
        byte[] window = new byte[PackIndex.HistorySize + (Batch * table.ChunkSize)];
        byte[][] frames = [.. Enumerable.Range(0, Batch).Select(_ => new byte[PackIndex.MaxFrame(table.ChunkSize)])];
        using ThreadLocal<ZstdCompressor> compressors = new(() => new ZstdCompressor(level, WindowLog(table.ChunkSize)), trackAllValues: true);
        try
        {
            int history = 0;
            for (int first = 0; first < table.Count; first += Batch)
            {
                int count = Math.Min(Batch, table.Count - first), read = Enumerable.Range(first, count).Sum(table.LengthOf);
                image.ReadExactly(window, history, read);
                Parallel.For(0, count, new ParallelOptions { CancellationToken = cancellation }, i =>
                {
                    // The history is the image itself, not what came out before: so the chunks of a batch do not wait for each other.
                    int at = history + (i * table.ChunkSize), before = Math.Min(at, PackIndex.HistorySize);
                    lengths[first + i] = compressors.Value!.Compress(window.AsSpan(at - before, before), window.AsSpan(at, table.LengthOf(first + i)), frames[i]);
                });
                for (int i = 0; i < count; i++)
                {
                    output.Write(frames[i], 0, lengths[first + i]);
                }

                int end = history + read, kept = Math.Min(end, PackIndex.HistorySize);
                Buffer.BlockCopy(window, end - kept, window, 0, kept);
                history = kept;
                progress?.Report(first + count);
            }
        }
        finally
        {
            foreach (ZstdCompressor compressor in compressors.Values)
            {
                compressor.Dispose();
            }
        }

        long packEnd = output.Position;
        output.Position = start;
        output.Write(PackIndex.Encode(imageDigest, lengths));
        output.Position = packEnd;
    }

    /// <summary>A window that covers history and one chunk.</summary>
    internal static int WindowLog(int chunkSize) => 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)(PackIndex.HistorySize + chunkSize - 1));
}
