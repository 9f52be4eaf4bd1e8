namespace Fota.Manifest.Keys.HashBased;

/// <summary>A parameter set of LMS (RFC 8554 section 5.1, RFC 9858 section 5): a hash and the height of the tree.</summary>
internal sealed class TreeType
{
    private const uint First = 5, Last = 24, HeightsPerHash = 5;

    private TreeType(uint code)
    {
        Code = code;
        Hash = TreeHash.At((code - First) / HeightsPerHash);
        Height = 5 * ((int)((code - First) % HeightsPerHash) + 1);
    }

    public uint Code { get; }

    public TreeHash Hash { get; }

    /// <summary>h: the tree has two to its power leaves, each of which signs once.</summary>
    public int Height { get; }

    public static TreeType? Find(uint code) => code is >= First and <= Last ? new TreeType(code) : null;
}
