namespace Fota.Manifest.Packs;

/// <summary>
/// Turns the bytes of a pack, full or delta, into proven chunks, one after the other, within a fixed amount of memory. The pack is not trusted: each
/// chunk is decompressed into a buffer of its signed length (A28), and hashed (A26, A27, A30).
/// </summary>
public sealed class PackReader : IDisposable
{
    private readonly VerifiedChunkTable _table;
    private readonly ChunkDecoder _decoder;

    private PackReader(VerifiedChunkTable table, ChunkDecoder decoder)
    {
        _table = table;
        _decoder = decoder;
    }

    /// <summary>The chunk that comes next; the table's count when all are done.</summary>
    public int NextChunk => _decoder.NextChunk;

    /// <summary>Number of chunks of the image.</summary>
    public int Count => _table.Table.Count;

    /// <summary>Whether all chunks were proven.</summary>
    public bool IsAtEnd => NextChunk == Count;

    /// <summary>How many bytes of the pack are wanted for the next chunk; 0 when it needs none, as its frame was read already or it is a copy.</summary>
    public int NextLength => _decoder.NextLength;

    /// <summary>Where they begin in the pack.</summary>
    public long NextStart => _decoder.NextStart;

    /// <summary>
    /// Where the bytes of the pack that make a chunk lie, whether or not it comes next; a length of 0 for a copy. Chunks that share a frame share these, and the
    /// bytes of later chunks never lie before those of earlier ones: so whoever lacks some chunks knows which ranges to ask for.
    /// </summary>
    public (long Start, int Length) BytesOf(int chunk) => _decoder.BytesOf(chunk);

    /// <summary>The largest <see cref="NextLength"/> there can be.</summary>
    public int MaxLength => _decoder.MaxLength;

    /// <summary>Length of the whole pack in bytes, as it says itself.</summary>
    public long PackSize => _decoder.PackSize;

    /// <summary>A reader of a full pack, at the image's first chunk.</summary>
    public static PackReader OfFull(VerifiedChunkTable table, PackIndex index)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(index);
        return new PackReader(table, new FullPackDecoder(table.Table, index));
    }

    /// <summary>A reader of a delta pack, at the image's first chunk.</summary>
    /// <exception cref="RejectedException">The pack is not of this image, or not against a base of this length.</exception>
    public static PackReader OfDelta(VerifiedChunkTable table, DeltaPack pack, IRandomAccessImage baseImage)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(pack);
        ArgumentNullException.ThrowIfNull(baseImage);
        pack.RequireFits(table.Table.ImageSize, table.Table.ChunkSize, baseImage);
        return new PackReader(table, new DeltaDecoder(table.Table, pack, baseImage));
    }

    /// <summary>Takes over a chunk that already stands in the slot, after it was proven again: so an interrupted installation resumes.</summary>
    public void Skip(VerifiedChunk proven)
    {
        ArgumentNullException.ThrowIfNull(proven);
        if (proven.Index != NextChunk || proven.Table != _table)
        {
            throw new InvalidOperationException($"chunk {NextChunk} of this table comes next");
        }

        _decoder.Accept(proven.Bytes);
    }

    /// <summary>Decodes and proves the next chunk. After a refusal the reader stands where it stood, and wants the bytes again.</summary>
    /// <param name="bytes">Exactly <see cref="NextLength"/> bytes of the pack from <see cref="NextStart"/> on.</param>
    public Verdict<VerifiedChunk> Read(ReadOnlySpan<byte> bytes)
    {
        if (IsAtEnd)
        {
            throw new InvalidOperationException("all chunks were read");
        }

        Rejection? rejection;
        try
        {
            if (_table.Prove(NextChunk, _decoder.Decode(bytes)).IsAccepted(out VerifiedChunk? chunk, out rejection))
            {
                _decoder.Accept(chunk.Bytes);
                return Verdict.Of(() => chunk);
            }
        }
        catch (RejectedException e)
        {
            rejection = e.Rejection;
        }

        Rejection explained = _decoder.Refuse(rejection);
        return Verdict.Of<VerifiedChunk>(() => throw new RejectedException(explained));
    }

    /// <inheritdoc/>
    public void Dispose() => _decoder.Dispose();
}
