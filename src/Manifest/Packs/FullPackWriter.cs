using Fota.Interop.Zstd;

namespace Fota.Manifest.Packs;

/// <summary>
/// Makes full packs: zstd frames of a few chunks, each against the image before it. The same image gives the same pack under the same libzstd.
/// </summary>
public static class FullPackWriter
{
    /// <summary>zstd's level for packs: a pack is made once, and fetched by a fleet.</summary>
    public const int DefaultLevel = 19;

    // Frames that are made at once; enough for both cores of a small machine and few enough for its memory.
    private const int Batch = 8;

    /// <summary>Writes the pack of <paramref name="image"/> to <paramref name="output"/>.</summary>
    /// <param name="image">A seekable stream of exactly the table's image.</param>
    /// <param name="table">The image's chunk table.</param>
    /// <param name="imageDigest">SHA-256 of the image.</param>
    /// <param name="output">A seekable stream; written from its present position.</param>
    /// <param name="level">zstd level, 1 to 19.</param>
    /// <param name="progress">Told the number of chunks done, now and then.</param>
    /// <param name="cancellation">Stops between frames; then nothing was written that counts.</param>
    public static void Write(Stream image, ChunkTable table, Sha256Digest imageDigest, Stream output, int level = DefaultLevel, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(imageDigest);
        ArgumentNullException.ThrowIfNull(output);
        PackProfile profile = PackProfile.For(table.ChunkSize);
        int perFrame = profile.ChunksPerFrame(table.ChunkSize), content = perFrame * table.ChunkSize;
        long start = output.Position;
        output.Position = start + PackIndex.SizeFor(table);
        int[] lengths = new int[PackIndex.FramesFor(table)];
        byte[] window = new byte[profile.PrefixSize + (Batch * content)];
        byte[][] frames = [.. Enumerable.Range(0, Batch).Select(_ => new byte[PackIndex.MaxFrame(table.ChunkSize)])];
        using WorkerPool<ZstdCompressor> compressors = new(() => new ZstdCompressor(level, profile.WindowLog(content)));
        int history = 0;
        for (int first = 0; first < lengths.Length; first += Batch)
        {
            int count = Math.Min(Batch, lengths.Length - first), read = (int)Math.Min((long)count * content, table.ImageSize - ((long)first * content));
            image.ReadExactly(window, history, read);
            compressors.ForEach(
                count,
                (compressor, i) =>
                {
                    // The prefix is the image itself, not what came out before: so the frames of a batch do not wait for each other.
                    int at = history + (i * content), before = Math.Min(at, profile.PrefixSize);
                    lengths[first + i] = compressor.Compress(window.AsSpan(at - before, before), window.AsSpan(at, Math.Min(content, history + read - at)), frames[i]);
                },
                cancellation);
            for (int i = 0; i < count; i++)
            {
                output.Write(frames[i], 0, lengths[first + i]);
            }

            int end = history + read, kept = Math.Min(end, profile.PrefixSize);
            Buffer.BlockCopy(window, end - kept, window, 0, kept);
            history = kept;
            progress?.Report(Math.Min(table.Count, (first + count) * perFrame));
        }

        long packEnd = output.Position;
        output.Position = start;
        output.Write(PackIndex.Encode(imageDigest, lengths));
        output.Position = packEnd;
    }
}
