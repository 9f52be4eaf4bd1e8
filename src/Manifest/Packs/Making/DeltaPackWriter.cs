namespace Fota.Manifest.Packs;

/// <summary>An image and its name.</summary>
/// <param name="Bytes">The image.</param>
/// <param name="Digest">Its SHA-256.</param>
public sealed record DigestedImage(IRandomAccessImage Bytes, Sha256Digest Digest);

/// <summary>
/// Makes delta packs. Neither image is held in memory, only an index of the base (at most 64 MiB) and what each processor works on; the same images give the
/// same pack under the same libzstd.
/// </summary>
public static class DeltaPackWriter
{
    /// <summary>zstd's level for delta packs.</summary>
    public const int DefaultLevel = 19;

    private const int Batch = 32, CopyBlock = 1024 * 1024;

    /// <summary>Writes the pack that makes <paramref name="image"/> of <paramref name="baseImage"/>.</summary>
    /// <param name="baseImage">What devices have.</param>
    /// <param name="image">What they are to get.</param>
    /// <param name="table">The chunk table of <paramref name="image"/>.</param>
    /// <param name="output">An empty stream that can be written, read and moved in; it holds the pack and nothing else afterwards.</param>
    /// <param name="level">zstd level, 1 to 19.</param>
    /// <param name="workers">How many chunks are worked on at once; null for as many as there are processors, four at the most. Each takes about 40 MiB.</param>
    /// <param name="progress">Told the number of chunks done, now and then.</param>
    /// <param name="cancellation">Stops between batches of chunks; then nothing was written that counts.</param>
    public static void Write(DigestedImage baseImage, DigestedImage image, ChunkTable table, Stream output, int level = DefaultLevel, int? workers = null, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(baseImage);
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(output);
        DeltaHead head = HeadOf(baseImage, image, table, 0);

        // Records are written behind the longest plan and digests that there can be, and moved up when it is known how long these are.
        long scratch = DeltaHead.Size + ((long)table.Count * (DeltaHead.MaxPlanBytesPerChunk + Sha256Digest.Size));
        output.Position = scratch;
        FingerprintIndex index = new(baseImage.Bytes, cancellation);
        using WorkerPool<DeltaChunkEncoder> encoders = new(() => new DeltaChunkEncoder(head, index, baseImage.Bytes, image.Bytes, level), workers);
        (int RecordLength, long Displacement)[] chunks = WriteRecords(encoders, table.Count, output, progress, cancellation);
        long records = output.Position - scratch;
        byte[] plan = DeltaPlan.Encode(chunks);
        output.Position = 0;
        output.Write(HeadBytes(baseImage, image, table, plan.Length));
        output.Write(plan);
        for (int i = 0; i < chunks.Length; i++)
        {
            if (chunks[i].RecordLength > 0)
            {
                output.Write(table.DigestOf(i));
            }
        }

        MoveUp(output, scratch, output.Position, records);
    }

    private static (int RecordLength, long Displacement)[] WriteRecords(WorkerPool<DeltaChunkEncoder> encoders, int count, Stream output, IProgress<int>? progress, CancellationToken cancellation)
    {
        (int RecordLength, long Displacement)[] chunks = new (int, long)[count];
        EncodedChunk[] encoded = new EncodedChunk[Batch];
        long likely = 0;
        for (int first = 0; first < count; first += Batch)
        {
            int batch = Math.Min(Batch, count - first);
            encoders.ForEach(batch, (encoder, i) => encoded[i] = encoder.Encode(first + i, likely), cancellation);
            for (int i = 0; i < batch; i++)
            {
                (long displacement, byte[]? record) = encoded[i];
                chunks[first + i] = (record?.Length ?? 0, displacement);
                output.Write(record);
                likely = record is null ? displacement : likely;
            }

            progress?.Report(first + batch);
        }

        return chunks;
    }

    private static void MoveUp(Stream output, long from, long to, long length)
    {
        byte[] block = new byte[CopyBlock];
        for (long done = 0; done < length;)
        {
            Span<byte> part = block.AsSpan(0, (int)Math.Min(block.Length, length - done));
            output.Position = from + done;
            output.ReadExactly(part);
            output.Position = to + done;
            output.Write(part);
            done += part.Length;
        }

        output.SetLength(to + length);
    }

    private static DeltaHead HeadOf(DigestedImage baseImage, DigestedImage image, ChunkTable table, int planLength) =>
        DeltaHead.Decode(HeadBytes(baseImage, image, table, planLength)).OrThrow();

    private static byte[] HeadBytes(DigestedImage baseImage, DigestedImage image, ChunkTable table, int planLength) =>
        DeltaHead.Encode(baseImage.Digest, image.Digest, table.ChunkSize, table.ImageSize, baseImage.Bytes.Length, planLength);
}
