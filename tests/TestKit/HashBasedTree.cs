using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Fota.TestKit;

/// <summary>
/// An LMS key of height 5 over LM-OTS with chains of 8 bits, SHA-256 or SHA-256/192 (RFC 8554, RFC 9858): 32 signatures. Written apart from the code
/// under test, and for tests only: it forgets its state with the process.
/// </summary>
internal sealed class HashBasedTree
{
    private const int Height = 5, Leaves = 1 << Height, Steps = 255;

    private readonly int _n, _chains;
    private readonly uint _treeType, _oneTimeType;
    private readonly byte[] _identifier, _seed;
    private readonly byte[][] _nodes = new byte[2 * Leaves][];
    private uint _next;

    /// <param name="n">32, or 24 for SHA-256/192.</param>
    public HashBasedTree(int n)
        : this(n, RandomNumberGenerator.GetBytes(32))
    {
    }

    /// <param name="n">32, or 24 for SHA-256/192.</param>
    /// <param name="seed">Everything follows from it: 32 bytes.</param>
    public HashBasedTree(int n, byte[] seed)
    {
        _n = n;
        _seed = seed;
        _identifier = SHA256.HashData(seed)[..16];
        _chains = n + 2;
        (_treeType, _oneTimeType) = n == 32 ? (5u, 4u) : (10u, 8u);
        for (uint leaf = 0; leaf < Leaves; leaf++)
        {
            byte[] ends = [.. Enumerable.Range(0, _chains).SelectMany(chain => Walk(Secret(leaf, chain), leaf, chain, Steps))];
            byte[] oneTimeKey = Hash([.. _identifier, .. Number(leaf), 0x80, 0x80, .. ends]);
            _nodes[Leaves + leaf] = Hash([.. _identifier, .. Number(Leaves + leaf), 0x82, 0x82, .. oneTimeKey]);
        }

        for (uint node = Leaves - 1; node > 0; node--)
        {
            _nodes[node] = Hash([.. _identifier, .. Number(node), 0x83, 0x83, .. _nodes[2 * node], .. _nodes[(2 * node) + 1]]);
        }
    }

    public byte[] PublicKey => [.. Number(_treeType), .. Number(_oneTimeType), .. _identifier, .. _nodes[1]];

    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        uint leaf = _next < Leaves ? _next++ : throw new InvalidOperationException("the key has signed all it can");
        byte[] random = Hash([.. _seed, .. Number(leaf)]);
        byte[] digits = Hash([.. _identifier, .. Number(leaf), 0x81, 0x81, .. random, .. message]);
        int checksum = digits.Sum(static digit => Steps - digit);
        digits = [.. digits, (byte)(checksum >> 8), (byte)(checksum & 0xFF)];
        byte[] chains = [.. Enumerable.Range(0, _chains).SelectMany(chain => Walk(Secret(leaf, chain), leaf, chain, digits[chain]))];
        byte[] path = [.. Enumerable.Range(0, Height).SelectMany(level => _nodes[((Leaves + leaf) >> level) ^ 1])];
        return [.. Number(leaf), .. Number(_oneTimeType), .. random, .. chains, .. Number(_treeType), .. path];
    }

    internal static byte[] Number(uint value)
    {
        byte[] bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private byte[] Hash(byte[] bytes) => SHA256.HashData(bytes)[.._n];

    private byte[] Secret(uint leaf, int chain) => Hash([.. _identifier, .. Number(leaf), 0, (byte)chain, 0xff, .. _seed]);

    private byte[] Walk(byte[] value, uint leaf, int chain, int to)
    {
        for (int step = 0; step < to; step++)
        {
            value = Hash([.. _identifier, .. Number(leaf), 0, (byte)chain, (byte)step, .. value]);
        }

        return value;
    }
}
