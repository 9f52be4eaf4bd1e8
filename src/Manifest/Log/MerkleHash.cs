using System.Security.Cryptography;

namespace Fota.Manifest.Log;

/// <summary>The hashes of a Merkle tree (RFC 6962 section 2.1): leaf and node begin with different bytes, so that neither passes for the other.</summary>
public static class MerkleHash
{
    private const byte LeafPrefix = 0, NodePrefix = 1;

    /// <summary>The root of a tree without leaves.</summary>
    public static Sha256Digest OfEmptyTree { get; } = Sha256Digest.Of([]);

    /// <summary>The hash of a leaf that holds <paramref name="entry"/>.</summary>
    public static Sha256Digest Leaf(ReadOnlySpan<byte> entry) => Sha256Digest.Of([LeafPrefix, .. entry]);

    /// <summary>The hash of the node above two others.</summary>
    public static Sha256Digest Node(Sha256Digest left, Sha256Digest right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        Span<byte> content = stackalloc byte[1 + (2 * SHA256.HashSizeInBytes)];
        content[0] = NodePrefix;
        left.Bytes.CopyTo(content[1..]);
        right.Bytes.CopyTo(content[(1 + SHA256.HashSizeInBytes)..]);
        return Sha256Digest.Of(content);
    }

    /// <summary>The hash of the complete tree above <paramref name="hashes"/>, of which there are a power of two.</summary>
    internal static Sha256Digest Subtree(ReadOnlySpan<Sha256Digest> hashes) => hashes.Length == 1
        ? hashes[0]
        : Node(Subtree(hashes[..(hashes.Length / 2)]), Subtree(hashes[(hashes.Length / 2)..]));
}
