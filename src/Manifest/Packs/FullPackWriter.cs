using Fota.Interop.Zstd;

namespace Fota.Manifest.Packs;

/// <summary>
/// Makes full packs: one zstd frame a chunk, each against up to <see cref="PackIndex.HistorySize"/> bytes of the image before it. The same
/// image gives the same pack under the same libzstd.
/// </summary>
public static class FullPackWriter
{
    /// <summary>zstd's level for packs: made once, fetched by a fleet.</summary>
    public const int DefaultLevel = 19;

    /// <summary>Writes the pack of <paramref name="image"/> to <paramref name="output"/>.</summary>
    /// <param name="image">A seekable stream of exactly the table's image.</param>
    /// <param name="table">The image's chunk table.</param>
    /// <param name="imageDigest">SHA-256 of the image.</param>
    /// <param name="output">A seekable stream; written from its present position.</param>
    /// <param name="level">zstd level, 1 to 19.</param>
    /// <param name="progress">Told the number of chunks done after each.</param>
    /// <param name="cancellation">Stops between chunks.</param>
    public static void Write(Stream image, ChunkTable table, Sha256Digest imageDigest, Stream output, int level = DefaultLevel, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(imageDigest);
        ArgumentNullException.ThrowIfNull(output);
        long start = output.Position;
        output.Position = start + PackIndex.SizeFor(table.Count);
        int[] lengths = new int[table.Count];
        byte[] chunk = new byte[table.ChunkSize], frame = new byte[PackIndex.MaxFrame(table.ChunkSize)];
        History history = new(PackIndex.HistorySize, table.ChunkSize);
        using ZstdCompressor compressor = new(level, WindowLog(table.ChunkSize));
        for (int i = 0; i < table.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            Span<byte> source = chunk.AsSpan(0, table.LengthOf(i));
            image.ReadExactly(source);
            lengths[i] = compressor.Compress(history.Bytes, source, frame);
            output.Write(frame, 0, lengths[i]);
            history.Append(source);
            progress?.Report(i + 1);
        }

        long end = output.Position;
        output.Position = start;
        output.Write(PackIndex.Encode(imageDigest, lengths));
        output.Position = end;
    }

    /// <summary>A window that covers history and one chunk.</summary>
    internal static int WindowLog(int chunkSize) => 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)(PackIndex.HistorySize + chunkSize - 1));
}
