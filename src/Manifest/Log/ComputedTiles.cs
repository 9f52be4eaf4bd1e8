namespace Fota.Manifest.Log;

/// <summary>
/// The files of a log whose entries are kept elsewhere: bundles and tiles are a function of the entries, worked out when they are read. What a full tile holds never changes, so that
/// it may be kept and is not worked out twice.
/// </summary>
public sealed class ComputedTiles : ITileSource
{
    private readonly IEntryStore _entries;

    /// <summary>The tree of the first <paramref name="size"/> entries.</summary>
    public ComputedTiles(IEntryStore entries, long size)
    {
        ArgumentNullException.ThrowIfNull(entries);
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        _entries = entries;
        Size = size;
    }

    /// <summary>How many entries the tree has; there is no file that reaches beyond.</summary>
    public long Size { get; }

    /// <inheritdoc/>
    public byte[]? Read(string path, int maxBytes)
    {
        if (!TileAddress.TryParse(path, out TileAddress? address) || !IsWithin(address))
        {
            return null;
        }

        return address.Level is { } level
            ? TileFile.Write(Hashes(level, address.Index, address.Width))
            : EntryBundle.Encode(Entries(address.Index, address.Width));
    }

    // By division: the path is anybody's, and its number may be as large as a number can be.
    private bool IsWithin(TileAddress address)
    {
        long there = address.Level is { } level ? TileAddress.Hashes(Size, level) : Size;
        return address.Index < there / TileAddress.FullWidth || (address.Index == there / TileAddress.FullWidth && address.Width <= there % TileAddress.FullWidth);
    }

    private IReadOnlyList<ReadOnlyMemory<byte>> Entries(long bundle, int width)
    {
        IReadOnlyList<ReadOnlyMemory<byte>> entries = _entries.Read(bundle * TileAddress.FullWidth, width);
        return entries.Count == width
            ? entries
            : throw new RejectedException(RejectionReason.LogIncomplete, $"entries: wanted {width} from {bundle * TileAddress.FullWidth} on, got {entries.Count}");
    }

    private Sha256Digest[] Hashes(int level, long index, int width)
    {
        TileAddress address = TileAddress.OfHashes(level, index, width);
        if (address.IsFull && _entries.FindTile(level, index) is { } kept)
        {
            return TileFile.Split(kept, width);
        }

        Sha256Digest[] hashes = level == 0
            ? [.. Entries(index, width).Select(static entry => MerkleHash.Leaf(entry.Span))]
            : [.. Enumerable.Range(0, width).Select(i => MerkleHash.Subtree(Hashes(level - 1, (index * TileAddress.FullWidth) + i, TileAddress.FullWidth)))];
        if (address.IsFull)
        {
            _entries.KeepTile(level, index, TileFile.Write(hashes));
        }

        return hashes;
    }
}

/// <summary>Where the entries of a log are kept.</summary>
public interface IEntryStore
{
    /// <summary>Reads <paramref name="count"/> entries from number <paramref name="first"/> on, or as many as there are.</summary>
    IReadOnlyList<ReadOnlyMemory<byte>> Read(long first, int count);

    /// <summary>A full tile that was kept; null if it was not.</summary>
    byte[]? FindTile(int level, long index);

    /// <summary>Keeps a full tile, which is the same whoever works it out.</summary>
    void KeepTile(int level, long index, byte[] hashes);
}
