using System.Collections.Frozen;
using System.Formats.Asn1;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest;

namespace Fota.UpdateServer.Certificates;

/// <summary>
/// A certificate revocation list (RFC 5280 section 5) that its issuer signed. Complete lists of the issuer's own certificates alone: an extension that is critical
/// and not known, which a delta or a partial list has, is refused.
/// </summary>
internal sealed class RevocationList
{
    /// <summary>Longest list in bytes.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    private const string NumberExtension = "2.5.29.20";

    private static readonly Asn1Tag s_extensions = new(TagClass.ContextSpecific, 0);

    private readonly FrozenSet<string> _serials;

    private RevocationList(BigInteger number, DateTimeOffset thisUpdate, DateTimeOffset nextUpdate, FrozenSet<string> serials)
    {
        (Number, ThisUpdate, NextUpdate, _serials) = (number, thisUpdate, nextUpdate, serials);
    }

    /// <summary>Grows with every list of an issuer.</summary>
    public BigInteger Number { get; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset ThisUpdate { get; }

    /// <summary>When the next one is there at the latest.</summary>
    public DateTimeOffset NextUpdate { get; }

    /// <summary>Whether a certificate of the issuer was taken back; a hold counts as well.</summary>
    public bool Contains(X509Certificate2 certificate) => _serials.Contains(KeyOf(new BigInteger(certificate.SerialNumberBytes.Span, isBigEndian: true)));

    /// <summary>Reads a list of <paramref name="issuer"/>.</summary>
    /// <param name="encoded">DER.</param>
    /// <param name="issuer">The certificate whose key has to have signed it.</param>
    /// <returns>Null when it is a list of another name.</returns>
    /// <exception cref="RejectedException">It is not a list, or not signed by the issuer.</exception>
    public static RevocationList? Read(ReadOnlyMemory<byte> encoded, X509Certificate2 issuer)
    {
        try
        {
            AsnReader outer = new(encoded, AsnEncodingRules.DER), list = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            ReadOnlyMemory<byte> signed = list.PeekEncodedValue();
            AsnReader content = list.ReadSequence();
            ReadOnlyMemory<byte> algorithm = list.ReadEncodedValue();
            byte[] signature = list.ReadBitString(out int unused);
            list.ThrowIfNotEmpty();
            return Read(content, algorithm, issuer, () => unused == 0 && IsSigned(signed.Span, signature, NameOf(algorithm), issuer));
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException)
        {
            throw new RejectedException(RejectionReason.Malformed, "revocation list: wanted a list of RFC 5280 in DER, got something else");
        }
    }

    private static RevocationList? Read(AsnReader content, ReadOnlyMemory<byte> algorithm, X509Certificate2 issuer, Func<bool> isSigned)
    {
        if (!content.TryReadInt32(out int version) || version != 1)
        {
            throw new RejectedException(RejectionReason.Unsupported, "revocation list: wanted version 2, got another");
        }

        // Section 5.1.1.2: the one outside is not signed, and has to be the one inside, parameters included.
        bool sameAlgorithm = content.ReadEncodedValue().Span.SequenceEqual(algorithm.Span);
        if (!content.ReadEncodedValue().Span.SequenceEqual(issuer.SubjectName.RawData))
        {
            return null;
        }

        if (!sameAlgorithm || !MaySign(issuer) || !isSigned())
        {
            throw new RejectedException(RejectionReason.SignatureInvalid, $"revocation list: wanted one that {issuer.Subject} signed, got another");
        }

        DateTimeOffset thisUpdate = ReadTime(content);
        DateTimeOffset nextUpdate = content.HasData && IsTime(content) ? ReadTime(content)
            : throw new RejectedException(RejectionReason.MissingField, "revocation list: wanted the time of the next one (nextUpdate), got none");
        FrozenSet<string> serials = content.HasData && content.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence) ? ReadEntries(content.ReadSequence()) : FrozenSet<string>.Empty;
        BigInteger? number = content.HasData ? ReadExtensions(content) : null;
        content.ThrowIfNotEmpty();
        return new RevocationList(number ?? throw new RejectedException(RejectionReason.MissingField, "revocation list: wanted a number, got none"), thisUpdate, nextUpdate, serials);
    }

    private static FrozenSet<string> ReadEntries(AsnReader entries)
    {
        HashSet<string> serials = new(StringComparer.Ordinal);
        while (entries.HasData)
        {
            AsnReader entry = entries.ReadSequence();
            serials.Add(KeyOf(entry.ReadInteger()));
            ReadTime(entry);
            if (entry.HasData)
            {
                ReadEach(entry.ReadSequence(), static (_, _) => false);
            }

            entry.ThrowIfNotEmpty();
        }

        return serials.ToFrozenSet(StringComparer.Ordinal);
    }

    private static BigInteger? ReadExtensions(AsnReader content)
    {
        BigInteger? number = null;
        AsnReader tagged = content.ReadSequence(s_extensions);
        ReadEach(tagged.ReadSequence(), (oid, value) =>
        {
            if (oid != NumberExtension)
            {
                return false;
            }

            number = new AsnReader(value, AsnEncodingRules.DER).ReadInteger();
            return true;
        });
        tagged.ThrowIfNotEmpty();
        return number;
    }

    private static void ReadEach(AsnReader extensions, Func<string, ReadOnlyMemory<byte>, bool> take)
    {
        while (extensions.HasData)
        {
            AsnReader extension = extensions.ReadSequence();
            string oid = extension.ReadObjectIdentifier();
            bool critical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
            if (!take(oid, extension.ReadOctetString()) && critical)
            {
                throw new RejectedException(RejectionReason.Unsupported, $"revocation list: wanted no critical extension but those of a whole list, got {oid}");
            }

            extension.ThrowIfNotEmpty();
        }
    }

    private static string NameOf(ReadOnlyMemory<byte> algorithm) => new AsnReader(algorithm, AsnEncodingRules.DER).ReadSequence().ReadObjectIdentifier();

    private static bool IsTime(AsnReader reader) => reader.PeekTag().TagValue is (int)UniversalTagNumber.UtcTime or (int)UniversalTagNumber.GeneralizedTime;

    private static DateTimeOffset ReadTime(AsnReader reader) => reader.PeekTag().TagValue == (int)UniversalTagNumber.UtcTime ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();

    private static string KeyOf(BigInteger serial) => serial.ToString(CultureInfo.InvariantCulture);

    // RFC 5280 section 6.3.3 (f).
    private static bool MaySign(X509Certificate2 issuer) => issuer.Extensions.OfType<X509KeyUsageExtension>().All(static u => u.KeyUsages.HasFlag(X509KeyUsageFlags.CrlSign));

    private static bool IsSigned(ReadOnlySpan<byte> signed, byte[] signature, string algorithm, X509Certificate2 issuer)
    {
        using ECDsa? elliptic = issuer.GetECDsaPublicKey();
        using RSA? rsa = issuer.GetRSAPublicKey();
        return algorithm switch
        {
            "1.2.840.10045.4.3.2" => elliptic?.VerifyData(signed, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence) == true,
            "1.2.840.10045.4.3.3" => elliptic?.VerifyData(signed, signature, HashAlgorithmName.SHA384, DSASignatureFormat.Rfc3279DerSequence) == true,
            "1.2.840.10045.4.3.4" => elliptic?.VerifyData(signed, signature, HashAlgorithmName.SHA512, DSASignatureFormat.Rfc3279DerSequence) == true,
            "1.2.840.113549.1.1.11" => rsa?.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) == true,
            "1.2.840.113549.1.1.12" => rsa?.VerifyData(signed, signature, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1) == true,
            "1.2.840.113549.1.1.13" => rsa?.VerifyData(signed, signature, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1) == true,
            _ => false,
        };
    }
}
