using Fota.Interop.Zstd;

namespace Fota.Manifest.Packs;

/// <summary>
/// Turns the frames of a full pack into proven chunks, one after the other, within a fixed amount of memory. The pack is not trusted: each
/// frame is decompressed into a buffer of the signed chunk length (A28), and hashed (A26, A27).
/// </summary>
public sealed class FullPackReader : IDisposable
{
    private readonly VerifiedChunkTable _table;
    private readonly ZstdDecompressor _decompressor;
    private readonly History _history;
    private readonly byte[] _buffer;

    /// <summary>Begins at the image's first chunk.</summary>
    public FullPackReader(VerifiedChunkTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        _table = table;
        _decompressor = new ZstdDecompressor(FullPackWriter.WindowLog(table.Table.ChunkSize));
        _history = new History(PackIndex.HistorySize, table.Table.ChunkSize);
        _buffer = new byte[table.Table.ChunkSize];
    }

    /// <summary>The chunk whose frame is wanted next; the table's count when all are done.</summary>
    public int NextChunk { get; private set; }

    /// <summary>Takes over a chunk that already stands in the slot, after it was proven again: so an interrupted download resumes.</summary>
    public void Skip(VerifiedChunk proven)
    {
        ArgumentNullException.ThrowIfNull(proven);
        if (proven.Index != NextChunk || proven.Table != _table)
        {
            throw new InvalidOperationException($"chunk {NextChunk} of this table comes next");
        }

        Advance(proven);
    }

    /// <summary>Decompresses and proves the next chunk. After a refusal the reader stands where it stood.</summary>
    public Verdict<VerifiedChunk> Read(ReadOnlySpan<byte> frame)
    {
        int index = NextChunk;
        Span<byte> destination = _buffer.AsSpan(0, _table.Table.LengthOf(index));
        if (!_decompressor.TryDecompress(_history.Bytes, frame, destination, out int written, out string? error))
        {
            int wanted = destination.Length;
            return Verdict.Of<VerifiedChunk>(() => throw new RejectedException(RejectionReason.FrameInvalid, $"frame {index}: wanted one zstd frame of {wanted} bytes of content ({error})"));
        }

        Verdict<VerifiedChunk> verdict = _table.Prove(index, destination[..written]);
        if (verdict.IsAccepted(out VerifiedChunk? chunk, out _))
        {
            Advance(chunk);
        }

        return verdict;
    }

    /// <inheritdoc/>
    public void Dispose() => _decompressor.Dispose();

    private void Advance(VerifiedChunk chunk)
    {
        _history.Append(chunk.Bytes);
        NextChunk++;
    }
}
