namespace Fota.Manifest.Packs;

/// <summary>
/// Turns the bytes of a pack into the content of one chunk after the other, within fixed memory. What it gives is not proven: who calls it checks the content
/// by a chunk table, and only then says <see cref="Accept"/>.
/// </summary>
internal abstract class ChunkDecoder(ChunkTable table) : IDisposable
{
    /// <summary>The chunk that comes next; the table's count when all are done.</summary>
    public int NextChunk { get; private set; }

    /// <summary>How many bytes of the pack are wanted for it; 0 when what was read already will do.</summary>
    public abstract int NextLength { get; }

    /// <summary>Where they begin in the pack.</summary>
    public abstract long NextStart { get; }

    /// <summary>Where the bytes of the pack that make a chunk lie; none of them for a copy. Chunks of one frame share them.</summary>
    public abstract (long Start, int Length) BytesOf(int chunk);

    /// <summary>The largest <see cref="NextLength"/> there can be.</summary>
    public abstract int MaxLength { get; }

    /// <summary>Length of the whole pack in bytes, as it says itself.</summary>
    public abstract long PackSize { get; }

    /// <summary>The image's chunk table.</summary>
    protected ChunkTable Table { get; } = table;

    /// <summary>Decodes the next chunk. The span holds until the next call.</summary>
    /// <param name="bytes">Exactly <see cref="NextLength"/> bytes of the pack from <see cref="NextStart"/> on.</param>
    /// <exception cref="RejectedException">The bytes are not acceptable; the decoder stands where it stood.</exception>
    public abstract ReadOnlySpan<byte> Decode(ReadOnlySpan<byte> bytes);

    /// <summary>The next chunk was proven: later chunks may refer to it.</summary>
    public void Accept(ReadOnlySpan<byte> chunk)
    {
        Remember(chunk);
        NextChunk++;
    }

    /// <summary>The next chunk was refused: what was read for it is forgotten. Gives the reason that says most.</summary>
    public abstract Rejection Refuse(Rejection rejection);

    /// <inheritdoc/>
    public abstract void Dispose();

    protected abstract void Remember(ReadOnlySpan<byte> chunk);
}
