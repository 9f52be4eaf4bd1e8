using System.Buffers.Binary;
using System.Numerics;

namespace Fota.Manifest.Keys.HashBased;

/// <summary>A parameter set of LM-OTS (RFC 8554 section 4.1, RFC 9858 section 4): a hash, and how many bits one chain signs.</summary>
internal sealed class OneTimeType
{
    private const uint First = 1, Last = 16, WidthsPerHash = 4;

    private const int PrefixLength = 22; // I, q and a 16-bit number

    private const ushort PublicKeyTag = 0x8080, MessageTag = 0x8181; // D_PBLC, D_MESG

    private readonly int _width;
    private readonly int _checksumShift;

    private OneTimeType(uint code)
    {
        Code = code;
        Hash = TreeHash.At((code - First) / WidthsPerHash);
        _width = 1 << (int)((code - First) % WidthsPerHash);

        // RFC 8554 appendix B.
        int digits = 8 * Hash.Length / _width;
        int checksumBits = BitOperations.Log2((uint)(((1 << _width) - 1) * digits)) + 1;
        int checksumDigits = (checksumBits + _width - 1) / _width;
        _checksumShift = 16 - (checksumDigits * _width);
        Chains = digits + checksumDigits;
    }

    public uint Code { get; }

    public TreeHash Hash { get; }

    /// <summary>p: how many chains a signature has.</summary>
    public int Chains { get; }

    /// <summary>Length of C and the chain values, without the type code.</summary>
    public int SignatureLength => Hash.Length * (Chains + 1);

    public static OneTimeType? Find(uint code) => code is >= First and <= Last ? new OneTimeType(code) : null;

    /// <summary>The public key that the signature leads to (RFC 8554 section 4.6, algorithm 4b); it proves something only when it is the expected one.</summary>
    public void CandidateKey(ReadOnlySpan<byte> identifier, uint leaf, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature, Span<byte> key)
    {
        int n = Hash.Length;
        Span<byte> digits = stackalloc byte[n + 2];
        byte[] signed = [.. Prefix(identifier, leaf, MessageTag), .. signature[..n], .. message];
        Hash.Compute(signed, digits);
        BinaryPrimitives.WriteUInt16BigEndian(digits[n..], Checksum(digits[..n]));

        byte[] ends = new byte[PrefixLength + (Chains * n)];
        Prefix(identifier, leaf, PublicKeyTag).CopyTo(ends, 0);
        byte[] link = [.. Prefix(identifier, leaf, 0), 0, .. new byte[n]];
        Span<byte> value = link.AsSpan(PrefixLength + 1);
        for (int chain = 0; chain < Chains; chain++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(link.AsSpan(PrefixLength - 2), (ushort)chain);
            signature.Slice(n + (chain * n), n).CopyTo(value);
            for (int step = Digit(digits, chain); step < (1 << _width) - 1; step++)
            {
                link[PrefixLength] = (byte)step;
                Hash.Compute(link, value);
            }

            value.CopyTo(ends.AsSpan(PrefixLength + (chain * n)));
        }

        Hash.Compute(ends, key);
    }

    private static byte[] Prefix(ReadOnlySpan<byte> identifier, uint leaf, ushort tag)
    {
        byte[] prefix = new byte[PrefixLength];
        identifier.CopyTo(prefix);
        BinaryPrimitives.WriteUInt32BigEndian(prefix.AsSpan(identifier.Length), leaf);
        BinaryPrimitives.WriteUInt16BigEndian(prefix.AsSpan(PrefixLength - 2), tag);
        return prefix;
    }

    private int Digit(ReadOnlySpan<byte> digits, int index)
    {
        int bit = index * _width;
        return (digits[bit / 8] >> (8 - _width - (bit % 8))) & ((1 << _width) - 1);
    }

    private ushort Checksum(ReadOnlySpan<byte> hash)
    {
        int sum = 0;
        for (int i = 0; i < 8 * hash.Length / _width; i++)
        {
            sum += (1 << _width) - 1 - Digit(hash, i);
        }

        return (ushort)(sum << _checksumShift);
    }
}
