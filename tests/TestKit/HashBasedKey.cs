using System.Buffers.Binary;
using System.Security.Cryptography;
using Fota.Manifest.Keys;

namespace Fota.TestKit;

/// <summary>
/// An HSS key of one level, LMS_SHA256_M32_H5 with LMOTS_SHA256_N32_W8 (RFC 8554): 32 signatures. Written apart from the code under test, and
/// for tests only: it forgets its state with the process.
/// </summary>
internal sealed class HashBasedKey : SoftwareKey
{
    private const int N = 32, Height = 5, Leaves = 1 << Height, Chains = 34, Steps = 255;

    private const uint TreeType = 5, OneTimeType = 4;

    private readonly byte[] _identifier = RandomNumberGenerator.GetBytes(16);
    private readonly byte[] _seed = RandomNumberGenerator.GetBytes(N);
    private readonly byte[][] _nodes = new byte[2 * Leaves][];
    private uint _next;

    public HashBasedKey()
    {
        for (uint leaf = 0; leaf < Leaves; leaf++)
        {
            byte[] ends = [.. Enumerable.Range(0, Chains).SelectMany(chain => Walk(Secret(leaf, chain), leaf, chain, 0, Steps))];
            byte[] oneTimeKey = SHA256.HashData([.. _identifier, .. Number(leaf), 0x80, 0x80, .. ends]);
            _nodes[Leaves + leaf] = SHA256.HashData([.. _identifier, .. Number(Leaves + leaf), 0x82, 0x82, .. oneTimeKey]);
        }

        for (uint node = Leaves - 1; node > 0; node--)
        {
            _nodes[node] = SHA256.HashData([.. _identifier, .. Number(node), 0x83, 0x83, .. _nodes[2 * node], .. _nodes[(2 * node) + 1]]);
        }

        byte[] raw = [.. Number(1), .. Number(TreeType), .. Number(OneTimeType), .. _identifier, .. _nodes[1]];
        byte[] algorithm = [0x30, 0x0d, 0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x03, 0x11];
        PublicKey = VerificationKey.FromSubjectPublicKeyInfo((byte[])[0x30, (byte)(algorithm.Length + 3 + raw.Length), .. algorithm, 0x03, (byte)(raw.Length + 1), 0x00, .. raw]);
    }

    public override VerificationKey PublicKey { get; }

    public override byte[] Sign(ReadOnlySpan<byte> message)
    {
        uint leaf = _next < Leaves ? _next++ : throw new InvalidOperationException("the key has signed all it can");
        byte[] random = RandomNumberGenerator.GetBytes(N);
        byte[] digits = SHA256.HashData([.. _identifier, .. Number(leaf), 0x81, 0x81, .. random, .. message]);
        int checksum = digits.Sum(static digit => Steps - digit);
        digits = [.. digits, (byte)(checksum >> 8), (byte)(checksum & 0xFF)];
        byte[] chains = [.. Enumerable.Range(0, Chains).SelectMany(chain => Walk(Secret(leaf, chain), leaf, chain, 0, digits[chain]))];
        byte[] path = [.. Enumerable.Range(0, Height).SelectMany(level => _nodes[((Leaves + leaf) >> level) ^ 1])];
        return [.. Number(0), .. Number(leaf), .. Number(OneTimeType), .. random, .. chains, .. Number(TreeType), .. path];
    }

    private static byte[] Number(uint value)
    {
        byte[] bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private byte[] Secret(uint leaf, int chain) => SHA256.HashData([.. _identifier, .. Number(leaf), 0, (byte)chain, 0xff, .. _seed]);

    private byte[] Walk(byte[] value, uint leaf, int chain, int from, int to)
    {
        for (int step = from; step < to; step++)
        {
            value = SHA256.HashData([.. _identifier, .. Number(leaf), 0, (byte)chain, (byte)step, .. value]);
        }

        return value;
    }
}
