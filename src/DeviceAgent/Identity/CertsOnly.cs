using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fota.Manifest;

namespace Fota.DeviceAgent.Identity;

/// <summary>Reads what EST answers with (RFC 7030 sections 4.1.3 and 4.2.3): base64 of a CMS SignedData (RFC 5652 section 5.1) that holds certificates and no signature.</summary>
internal static class CertsOnly
{
    /// <summary>Longest answer in bytes.</summary>
    public const int MaxBytes = 32 * 1024;

    private const int MaxCertificates = 16;
    private const string SignedData = "1.2.840.113549.1.7.2";

    /// <summary>The certificates, in DER; nothing is believed of them.</summary>
    public static Verdict<IReadOnlyList<X509Certificate2>> Decode(byte[] body)
    {
        return Verdict.Of(() => Read(body));

        static IReadOnlyList<X509Certificate2> Read(byte[] body)
        {
            try
            {
                List<X509Certificate2> certificates = ReadCertificates(Convert.FromBase64String(Encoding.ASCII.GetString(body)));
                return certificates.Count is >= 1 and <= MaxCertificates
                    ? certificates
                    : throw new RejectedException(RejectionReason.LimitExceeded, $"certificates: wanted 1 to {MaxCertificates}, got {certificates.Count}");
            }
            catch (Exception e) when (e is FormatException or AsnContentException or CryptographicException)
            {
                throw new RejectedException(RejectionReason.Malformed, "certificates: wanted base64 of a CMS message with certificates alone, got something else");
            }
        }
    }

    private static List<X509Certificate2> ReadCertificates(byte[] message)
    {
        AsnReader outside = new(message, AsnEncodingRules.BER);
        AsnReader content = outside.ReadSequence();
        outside.ThrowIfNotEmpty();
        if (content.ReadObjectIdentifier() != SignedData)
        {
            throw new AsnContentException();
        }

        AsnReader data = content.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadSequence();
        _ = data.ReadInteger();
        _ = data.ReadSetOf(skipSortOrderValidation: true);
        _ = data.ReadSequence();
        AsnReader set = data.ReadSetOf(skipSortOrderValidation: true, new Asn1Tag(TagClass.ContextSpecific, 0));
        List<X509Certificate2> certificates = [];
        while (set.HasData && certificates.Count <= MaxCertificates)
        {
            certificates.Add(X509CertificateLoader.LoadCertificate(set.ReadEncodedValue().Span));
        }

        return certificates;
    }
}
