namespace Fota.Manifest.Log;

/// <summary>
/// The right edge of a tree in tiles: on each level the hashes of the tile that is not full yet. That is all it takes to append leaves and to know the
/// root, however large the tree is.
/// </summary>
public sealed class TileEdge
{
    private readonly List<List<Sha256Digest>> _levels = [];

    private TileEdge(long size) => Size = size;

    /// <summary>How many leaves the tree has.</summary>
    public long Size { get; private set; }

    /// <summary>The edge of an empty tree.</summary>
    public static TileEdge OfEmptyTree() => new(0);

    /// <summary>Reads the edge of a tree of <paramref name="size"/> leaves. Whether it is the tree that is meant is for <see cref="Root"/> to say.</summary>
    /// <exception cref="RejectedException">A tile is not there, or has another length.</exception>
    public static TileEdge Read(ITileSource source, long size)
    {
        ArgumentNullException.ThrowIfNull(source);
        TileEdge edge = new(size);
        for (int level = 0; TileAddress.Hashes(size, level) is long hashes and > 0; level++)
        {
            int width = (int)(hashes % TileAddress.FullWidth);
            edge._levels.Add(width == 0 ? [] : [.. TileFile.ReadHashes(source, TileAddress.OfHashes(level, hashes / TileAddress.FullWidth, width))]);
        }

        return edge;
    }

    /// <summary>Appends a leaf.</summary>
    /// <param name="leaf">Its hash.</param>
    /// <param name="full">Given each tile that became full by it, with its bytes.</param>
    public void Append(Sha256Digest leaf, Action<TileAddress, byte[]> full)
    {
        ArgumentNullException.ThrowIfNull(leaf);
        ArgumentNullException.ThrowIfNull(full);
        Size++;
        Sha256Digest hash = leaf;
        for (int level = 0; ; level++)
        {
            if (level == _levels.Count)
            {
                _levels.Add([]);
            }

            List<Sha256Digest> tile = _levels[level];
            tile.Add(hash);
            if (tile.Count < TileAddress.FullWidth)
            {
                return;
            }

            full(TileAddress.OfHashes(level, (TileAddress.Hashes(Size, level) / TileAddress.FullWidth) - 1), TileFile.Write(tile));
            hash = MerkleHash.Subtree([.. tile]);
            tile.Clear();
        }
    }

    /// <summary>The partial tiles, from the leaves up, with their bytes.</summary>
    public IEnumerable<(TileAddress Tile, byte[] Bytes)> Partial() => _levels
        .Select((hashes, level) => (Level: level, Hashes: hashes))
        .Where(static tile => tile.Hashes.Count > 0)
        .Select(tile => (TileAddress.OfHashes(tile.Level, TileAddress.Hashes(Size, tile.Level) / TileAddress.FullWidth, tile.Hashes.Count), TileFile.Write(tile.Hashes)));

    /// <summary>The root hash: the complete subtrees along the edge, joined from the right.</summary>
    public Sha256Digest Root()
    {
        Sha256Digest? root = null;
        foreach (List<Sha256Digest> level in _levels)
        {
            int end = level.Count;
            for (int width = 1; end > 0; width *= 2)
            {
                if ((end & width) != 0)
                {
                    Sha256Digest left = MerkleHash.Subtree(level.GetRange(end - width, width).ToArray());
                    root = root is null ? left : MerkleHash.Node(left, root);
                    end -= width;
                }
            }
        }

        return root ?? MerkleHash.OfEmptyTree;
    }
}
