using System.Formats.Asn1;

namespace Fota.Manifest.Keys;

/// <summary>The two spellings of a P-256 signature: 64 fixed bytes (COSE, PKCS#11) and DER (TUF, X.509).</summary>
public static class EcdsaSignatureFormat
{
    /// <summary>Bytes of the fixed form.</summary>
    public const int FixedSize = 64;

    private const int Half = FixedSize / 2;

    /// <summary>From r and s, 32 bytes each, to DER.</summary>
    public static byte[] ToDer(ReadOnlySpan<byte> fixedForm)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(fixedForm.Length, FixedSize, nameof(fixedForm));
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(WithoutLeadingZeros(fixedForm[..Half]));
            writer.WriteIntegerUnsigned(WithoutLeadingZeros(fixedForm[Half..]));
        }

        return writer.Encode();
    }

    /// <summary>From DER to r and s. Anything that is not the one DER spelling of two integers of at most 32 bytes gives false (A18).</summary>
    public static bool TryFromDer(ReadOnlyMemory<byte> der, Span<byte> fixedForm)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(fixedForm.Length, FixedSize, nameof(fixedForm));
        try
        {
            AsnReader outer = new(der, AsnEncodingRules.DER);
            AsnReader sequence = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            bool ok = TryReadUnsigned(sequence, fixedForm[..Half]) && TryReadUnsigned(sequence, fixedForm[Half..]);
            sequence.ThrowIfNotEmpty();
            return ok;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

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
