using System.Formats.Asn1;
using System.Globalization;
using System.Numerics;

namespace Fota.Manifest.Keys;

/// <summary>The two spellings of an ECDSA signature: fixed length (COSE, PKCS#11; 64 bytes on P-256, 96 on P-384) and DER (TUF, X.509).</summary>
public static class EcdsaSignatureFormat
{
    /// <summary>Bytes of the fixed form on P-256.</summary>
    public const int FixedSize = 64;

    private const int FixedSizeP384 = 96;

    // SEC 2, sections 2.4.2 and 2.5.1: the order n.
    private static readonly BigInteger s_orderP256 = BigInteger.Parse("0FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static readonly BigInteger s_orderP384 = BigInteger.Parse(
        "0FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <summary>Bytes of the fixed form of <paramref name="algorithm"/>; 0 where it is not ECDSA.</summary>
    public static int FixedSizeOf(SignatureAlgorithm algorithm) => algorithm switch
    {
        SignatureAlgorithm.Esp256 => FixedSize,
        SignatureAlgorithm.Esp384 => FixedSizeP384,
        _ => 0,
    };

    /// <summary>From r and s, 32 or 48 bytes each, to DER.</summary>
    public static byte[] ToDer(ReadOnlySpan<byte> fixedForm)
    {
        int half = HalfOf(fixedForm.Length);
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(WithoutLeadingZeros(fixedForm[..half]));
            writer.WriteIntegerUnsigned(WithoutLeadingZeros(fixedForm[half..]));
        }

        return writer.Encode();
    }

    /// <summary>From DER to r and s. Anything that is not the one DER spelling of two integers of at most half of <paramref name="fixedForm"/> gives false (A18).</summary>
    public static bool TryFromDer(ReadOnlyMemory<byte> der, Span<byte> fixedForm)
    {
        int half = HalfOf(fixedForm.Length);
        try
        {
            AsnReader outer = new(der, AsnEncodingRules.DER);
            AsnReader sequence = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            bool ok = TryReadUnsigned(sequence, fixedForm[..half]) && TryReadUnsigned(sequence, fixedForm[half..]);
            sequence.ThrowIfNotEmpty();
            return ok;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    /// <summary>
    /// The signature with s in the lower half of the order: itself, or (r, n - s). Of (r, s) anybody makes (r, n - s), which verifies as well; where a signature has to have one form, this is it.
    /// </summary>
    /// <param name="fixedForm">A signature that was verified: s is below the order.</param>
    public static byte[] Lowered(ReadOnlySpan<byte> fixedForm)
    {
        byte[] lowered = fixedForm.ToArray();
        Span<byte> half = lowered.AsSpan(HalfOf(fixedForm.Length));
        BigInteger order = fixedForm.Length == FixedSize ? s_orderP256 : s_orderP384, s = new(half, isUnsigned: true, isBigEndian: true);
        if (s > order / 2)
        {
            byte[] other = (order - s).ToByteArray(isUnsigned: true, isBigEndian: true);
            half.Clear();
            other.CopyTo(half[^other.Length..]);
        }

        return lowered;
    }

    private static int HalfOf(int length) => length is FixedSize or FixedSizeP384
        ? length / 2
        : throw new ArgumentOutOfRangeException(nameof(length), length, $"wanted {FixedSize} or {FixedSizeP384} bytes");

    private static bool TryReadUnsigned(AsnReader reader, Span<byte> destination)
    {
        ReadOnlySpan<byte> value = reader.ReadIntegerBytes().Span;
        if ((value[0] & 0x80) != 0)
        {
            return false; // negative
        }

        value = value[0] == 0 ? value[1..] : value;
        if (value.Length > destination.Length)
        {
            return false;
        }

        destination.Clear();
        value.CopyTo(destination[(destination.Length - value.Length)..]);
        return true;
    }

    private static ReadOnlySpan<byte> WithoutLeadingZeros(ReadOnlySpan<byte> value)
    {
        int first = value.IndexOfAnyExcept((byte)0);
        return first < 0 ? [0] : value[first..];
    }
}
