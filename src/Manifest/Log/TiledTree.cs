namespace Fota.Manifest.Log;

/// <summary>
/// A Merkle tree of a given size in tiles that nobody vouches for. What it computes is as good as its tiles: a proof that is made here is checked against a
/// checkpoint by whoever is given it.
/// </summary>
public sealed class TiledTree
{
    // Tiles of one proof: two a level. Beyond that a reader goes on to other parts of the tree.
    private const int KeptTiles = 32;

    private readonly ITileSource _source;
    private readonly Dictionary<TileAddress, Sha256Digest[]> _tiles = [];

    /// <summary>Takes a tree of <paramref name="size"/> leaves.</summary>
    public TiledTree(ITileSource source, long size)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        _source = source;
        Size = size;
    }

    /// <summary>How many leaves it has.</summary>
    public long Size { get; }

    /// <summary>The root hash.</summary>
    /// <exception cref="RejectedException">A tile is not there, or has another length.</exception>
    public Sha256Digest Root() => Size == 0 ? MerkleHash.OfEmptyTree : Hash(0, Size);

    /// <summary>The entry at <paramref name="index"/>.</summary>
    /// <exception cref="RejectedException">There is no such entry, or its bundle is not there or malformed.</exception>
    public ReadOnlyMemory<byte> Entry(long index) => BundleOf(index)[(int)(index % TileAddress.FullWidth)];

    /// <summary>The entries of the bundle that holds the entry at <paramref name="index"/>, as far as they belong to this tree.</summary>
    /// <exception cref="RejectedException">There is no such entry, or its bundle is not there or malformed.</exception>
    public IReadOnlyList<ReadOnlyMemory<byte>> BundleOf(long index)
    {
        Demand(index);
        long bundle = index / TileAddress.FullWidth;
        int width = (int)Math.Min(TileAddress.FullWidth, Size - (bundle * TileAddress.FullWidth));
        return TileFile.ReadEntries(_source, TileAddress.OfEntries(bundle, width));
    }

    /// <summary>The proof that the leaf at <paramref name="index"/> is in this tree (RFC 6962 section 2.1.1).</summary>
    /// <exception cref="RejectedException">There is no such leaf, or a tile is not there.</exception>
    public IReadOnlyList<Sha256Digest> InclusionProof(long index)
    {
        Demand(index);
        List<Sha256Digest> proof = [];
        long begin = 0, end = Size;
        while (end - begin > 1)
        {
            long middle = begin + Split(end - begin);
            bool isLeft = index < middle;
            proof.Add(isLeft ? Hash(middle, end) : Hash(begin, middle));
            (begin, end) = isLeft ? (begin, middle) : (middle, end);
        }

        proof.Reverse();
        return proof;
    }

    /// <summary>The proof that this tree began as the one of <paramref name="size"/> leaves (RFC 6962 section 2.1.2); empty when it is that one.</summary>
    /// <exception cref="RejectedException">It never had that size, or a tile is not there.</exception>
    public IReadOnlyList<Sha256Digest> ConsistencyProof(long size)
    {
        if (size < 1 || size > Size)
        {
            throw new RejectedException(RejectionReason.ValueOutOfRange, $"a smaller tree: wanted 1 to {Size} leaves, got {size}");
        }

        List<Sha256Digest> proof = [];
        long begin = 0, end = Size;
        while (end != size)
        {
            long middle = begin + Split(end - begin);
            bool isLeft = size <= middle;
            proof.Add(isLeft ? Hash(middle, end) : Hash(begin, middle));
            (begin, end) = isLeft ? (begin, middle) : (middle, end);
        }

        // The smaller tree's last node, unless that is the whole of it: then its root is known.
        if (begin != 0)
        {
            proof.Add(Hash(begin, end));
        }

        proof.Reverse();
        return proof;
    }

    // RFC 6962 section 2.1: the largest power of two below the number of leaves.
    private static long Split(long count)
    {
        long half = 1;
        while (half < count - half)
        {
            half *= 2;
        }

        return half;
    }

    private void Demand(long index)
    {
        if (index < 0 || index >= Size)
        {
            throw new RejectedException(RejectionReason.ValueOutOfRange, $"an entry: wanted one of 0 to {Size - 1}, got {index}");
        }
    }

    /// <summary>The hash over the leaves from <paramref name="begin"/> to before <paramref name="end"/>, which are a subtree of RFC 6962.</summary>
    private Sha256Digest Hash(long begin, long end)
    {
        long count = end - begin;
        if (!long.IsPow2(count))
        {
            long middle = begin + Split(count);
            return MerkleHash.Node(Hash(begin, middle), Hash(middle, end));
        }

        int height = (int)long.Log2(count), level = height / TileAddress.Height;
        int hashes = 1 << (height % TileAddress.Height);
        long first = begin >> (level * TileAddress.Height), tile = first / TileAddress.FullWidth;
        return MerkleHash.Subtree(Tile(level, tile).AsSpan((int)(first % TileAddress.FullWidth), hashes));
    }

    private Sha256Digest[] Tile(int level, long index)
    {
        int width = (int)Math.Min(TileAddress.FullWidth, TileAddress.Hashes(Size, level) - (index * TileAddress.FullWidth));
        TileAddress address = TileAddress.OfHashes(level, index, width);
        if (_tiles.TryGetValue(address, out Sha256Digest[]? known))
        {
            return known;
        }

        if (_tiles.Count == KeptTiles)
        {
            _tiles.Clear();
        }

        return _tiles[address] = TileFile.ReadHashes(_source, address);
    }
}
