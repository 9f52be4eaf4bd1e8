using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Fota.Manifest.Keys.HashBased;

/// <summary>An LMS public key (RFC 8554 section 5.3): one tree of one-time keys.</summary>
internal sealed class TreeKey
{
    private const int IdentifierLength = 16;

    private const ushort LeafTag = 0x8282, InteriorTag = 0x8383; // D_LEAF, D_INTR

    private readonly TreeType _tree;
    private readonly OneTimeType _oneTime;
    private readonly byte[] _identifier;
    private readonly byte[] _root;

    private TreeKey(TreeType tree, OneTimeType oneTime, byte[] identifier, byte[] root)
    {
        _tree = tree;
        _oneTime = oneTime;
        _identifier = identifier;
        _root = root;
    }

    public TreeHash Hash => _tree.Hash;

    /// <summary>Reads a key whose two parameter sets exist and use one hash; null if it is not one.</summary>
    public static TreeKey? Read(ref ByteCursor cursor) =>
        cursor.TryReadUInt32(out uint tree) && TreeType.Find(tree) is { } treeType
        && cursor.TryReadUInt32(out uint oneTime) && OneTimeType.Find(oneTime) is { } oneTimeType
        && treeType.Hash == oneTimeType.Hash
        && cursor.TryTake(IdentifierLength, out ReadOnlySpan<byte> identifier)
        && cursor.TryTake(treeType.Hash.Length, out ReadOnlySpan<byte> root)
            ? new TreeKey(treeType, oneTimeType, identifier.ToArray(), root.ToArray())
            : null;

    /// <summary>Takes one signature off <paramref name="cursor"/>, of exactly this key's parameter sets.</summary>
    public bool TryTakeSignature(ref ByteCursor cursor, out TreeSignature signature)
    {
        signature = default;
        if (!cursor.TryReadUInt32(out uint leaf) || leaf >= 1u << _tree.Height
            || !cursor.TryReadUInt32(out uint oneTime) || oneTime != _oneTime.Code
            || !cursor.TryTake(_oneTime.SignatureLength, out ReadOnlySpan<byte> oneTimeSignature)
            || !cursor.TryReadUInt32(out uint tree) || tree != _tree.Code
            || !cursor.TryTake(_tree.Height * Hash.Length, out ReadOnlySpan<byte> path))
        {
            return false;
        }

        signature = new TreeSignature(leaf, oneTimeSignature, path);
        return true;
    }

    /// <summary>RFC 8554 section 5.4.2, algorithm 6a.</summary>
    public bool Verifies(ReadOnlySpan<byte> message, TreeSignature signature)
    {
        int m = Hash.Length;
        Span<byte> node = stackalloc byte[m];
        Span<byte> input = stackalloc byte[IdentifierLength + sizeof(uint) + sizeof(ushort) + (2 * m)];
        _identifier.CopyTo(input);
        Span<byte> number = input[IdentifierLength..], tag = number[sizeof(uint)..], left = tag[sizeof(ushort)..], right = left[m..];

        uint at = (1u << _tree.Height) + signature.Leaf;
        BinaryPrimitives.WriteUInt32BigEndian(number, at);
        BinaryPrimitives.WriteUInt16BigEndian(tag, LeafTag);
        _oneTime.CandidateKey(_identifier, signature.Leaf, message, signature.OneTime, left[..m]);
        Hash.Compute(input[..^m], node);

        BinaryPrimitives.WriteUInt16BigEndian(tag, InteriorTag);
        for (int level = 0; level < _tree.Height; level++, at >>= 1)
        {
            ReadOnlySpan<byte> sibling = signature.Path.Slice(level * m, m);
            bool isRight = (at & 1) == 1;
            BinaryPrimitives.WriteUInt32BigEndian(number, at >> 1);
            (isRight ? sibling : node).CopyTo(left);
            (isRight ? node : sibling).CopyTo(right);
            Hash.Compute(input, node);
        }

        return CryptographicOperations.FixedTimeEquals(node, _root);
    }

    /// <summary>The parts of one LMS signature.</summary>
    public readonly ref struct TreeSignature(uint leaf, ReadOnlySpan<byte> oneTime, ReadOnlySpan<byte> path)
    {
        public uint Leaf { get; } = leaf;

        /// <summary>C and the chain values.</summary>
        public ReadOnlySpan<byte> OneTime { get; } = oneTime;

        /// <summary>The siblings from leaf to root.</summary>
        public ReadOnlySpan<byte> Path { get; } = path;
    }
}
