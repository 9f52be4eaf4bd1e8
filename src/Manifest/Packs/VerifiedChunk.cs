namespace Fota.Manifest.Packs;

/// <summary>Bytes whose digest a verified chunk table holds: the only thing that may be written to a slot (promise P1).</summary>
public sealed class VerifiedChunk
{
    private readonly byte[] _bytes;

    // Called by VerifiedChunkTable.Prove alone, which hands over a copy that nobody else holds. A test keeps it so.
    internal VerifiedChunk(VerifiedChunkTable table, int index, byte[] bytes)
    {
        Table = table;
        Index = index;
        _bytes = bytes;
    }

    /// <summary>The table that vouches for it.</summary>
    public VerifiedChunkTable Table { get; }

    /// <summary>Its place in the image, counted from 0.</summary>
    public int Index { get; }

    /// <summary>Its place in the image, in bytes.</summary>
    public long Offset => (long)Index * Table.Table.ChunkSize;

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;
}
