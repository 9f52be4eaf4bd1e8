using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Fota.Manifest.Log;

/// <summary>Which tile of hashes, or which bundle of entries, and where it lies below a log's prefix (C2SP tlog-tiles).</summary>
public sealed record TileAddress
{
    /// <summary>Hashes of a full tile, and entries of a full bundle.</summary>
    public const int FullWidth = 256;

    /// <summary>Height of a tile in the tree: each hash of a tile is the root of a full tile one level below.</summary>
    internal const int Height = 8;

    private const string Prefix = "tile/", EntriesSegment = "entries";

    // 2^63 leaves have eight levels of tiles. The paths of tlog-tiles go to 63, above which nothing can lie.
    private const int MaxLevel = 63;

    private TileAddress(int? level, long index, int width)
    {
        Level = level;
        Index = index;
        Width = width;
    }

    /// <summary>The level of a tile of hashes, 0 for that of the leaves; null for a bundle of entries.</summary>
    public int? Level { get; }

    /// <summary>Its place within the level.</summary>
    public long Index { get; }

    /// <summary>How many hashes or entries it has, 1 to <see cref="FullWidth"/>.</summary>
    public int Width { get; private init; }

    /// <summary>Whether nothing is added to it any more.</summary>
    public bool IsFull => Width == FullWidth;

    /// <summary>The full tile or bundle that it is, or becomes.</summary>
    public TileAddress Full => this with { Width = FullWidth };

    /// <summary>For example "tile/0/x001/x234/067" or "tile/entries/000.p/17".</summary>
    public string Path
    {
        get
        {
            StringBuilder path = new(Prefix);
            path.Append(Level?.ToString(CultureInfo.InvariantCulture) ?? EntriesSegment);
            string digits = Index.ToString("D3", CultureInfo.InvariantCulture);
            digits = digits.PadLeft((digits.Length + 2) / 3 * 3, '0');
            for (int i = 0; i < digits.Length; i += 3)
            {
                path.Append(i + 3 < digits.Length ? "/x" : "/").Append(digits, i, 3);
            }

            return IsFull ? path.ToString() : path.Append(CultureInfo.InvariantCulture, $".p/{Width}").ToString();
        }
    }

    /// <summary>Most bytes of the file: a tile's number exactly, a bundle's by the length of its entries at most.</summary>
    public int MaxBytes => Width * (Level is null ? sizeof(ushort) + LogLimits.EntryBytes : Sha256Digest.Size);

    /// <summary>A tile of hashes.</summary>
    public static TileAddress OfHashes(int level, long index, int width = FullWidth) => new(level, index, width);

    /// <summary>A bundle of entries.</summary>
    public static TileAddress OfEntries(long index, int width = FullWidth) => new(null, index, width);

    /// <summary>Every tile and bundle of a tree with <paramref name="size"/> leaves: bundles first, then levels from the leaves up, each from the left.</summary>
    public static IEnumerable<TileAddress> OfTree(long size)
    {
        foreach (TileAddress bundle in OfLevel(null, size))
        {
            yield return bundle;
        }

        for (int level = 0; Hashes(size, level) > 0; level++)
        {
            foreach (TileAddress tile in OfLevel(level, Hashes(size, level)))
            {
                yield return tile;
            }
        }
    }

    /// <summary>Reads a path; another spelling of it is refused, so that a file has one name.</summary>
    public static bool TryParse(string? path, [NotNullWhen(true)] out TileAddress? address)
    {
        address = null;
        string[] segments = path is { Length: <= 64 } && path.StartsWith(Prefix, StringComparison.Ordinal) ? path[Prefix.Length..].Split('/') : [];
        if (segments.Length < 2)
        {
            return false;
        }

        int width = FullWidth, index = segments.Length;
        if (segments[^2].EndsWith(".p", StringComparison.Ordinal))
        {
            if (segments.Length < 3 || !Number(segments[^1], out long partial) || partial is < 1 or >= FullWidth)
            {
                return false;
            }

            width = (int)partial;
            index--;
            segments[^2] = segments[^2][..^2];
        }

        int? level = null;
        if (segments[0] is not EntriesSegment)
        {
            if (!Number(segments[0], out long read) || read > MaxLevel)
            {
                return false;
            }

            level = (int)read;
        }

        if (!Number(string.Concat(segments[1..index]).Replace("x", "", StringComparison.Ordinal), out long number))
        {
            return false;
        }

        address = new(level, number, width);
        if (!string.Equals(address.Path, path, StringComparison.Ordinal))
        {
            address = null;
        }

        return address is not null;
    }

    /// <summary>How many hashes the tiles of a level have together: the number of full tiles one level below.</summary>
    internal static long Hashes(long size, int level) => level * Height < 63 ? size >> (level * Height) : 0;

    private static IEnumerable<TileAddress> OfLevel(int? level, long count)
    {
        long full = count / FullWidth;
        for (long index = 0; index < full; index++)
        {
            yield return new(level, index, FullWidth);
        }

        if (count % FullWidth != 0)
        {
            yield return new(level, full, (int)(count % FullWidth));
        }
    }

    private static bool Number(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
