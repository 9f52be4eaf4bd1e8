using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fota.Manifest;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Enrolment;

/// <summary>
/// A PKCS#10 request that renews the certificate of the connection it came over: signed by its own key, and with that certificate's key and subject
/// (RFC 7030 section 4.2.2). As the key is the one of the TLS handshake, this also links the request to the client; the channel binding of RFC 7030
/// section 3.5 is not defined for TLS 1.3.
/// </summary>
internal sealed class RenewalRequest
{
    /// <summary>Longest body in bytes: base64 of a request for a P-256 key takes about 400.</summary>
    public const int MaxBodyBytes = 4096;

    private RenewalRequest(DeviceIdentity identity, byte[] encoded, DateTimeOffset currentEnd)
    {
        Identity = identity;
        Encoded = encoded;
        Digest = Sha256Digest.Of(encoded);
        CurrentEnd = currentEnd;
    }

    /// <summary>Whose request it is.</summary>
    public DeviceIdentity Identity { get; }

    /// <summary>The request, DER.</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    /// <summary>Its name.</summary>
    public Sha256Digest Digest { get; }

    /// <summary>When the certificate that is to be renewed ends.</summary>
    public DateTimeOffset CurrentEnd { get; }

    /// <summary>Examines a body: base64 without armour (RFC 8951 section 3.1).</summary>
    public static Verdict<RenewalRequest> Verify(ReadOnlySpan<byte> body, DeviceIdentity identity, X509Certificate2 current)
    {
        byte[] copy = body.ToArray();
        return Verdict.Of(() => new RenewalRequest(identity, Examine(copy, current), new DateTimeOffset(current.NotAfter)));
    }

    private static byte[] Examine(byte[] body, X509Certificate2 current)
    {
        try
        {
            byte[] encoded = Convert.FromBase64String(Encoding.ASCII.GetString(body));

            // Checks the signature of the request by its own key.
            CertificateRequest request = CertificateRequest.LoadSigningRequest(encoded, HashAlgorithmName.SHA256, out int consumed);
            if (consumed != encoded.Length)
            {
                throw new RejectedException(RejectionReason.TrailingData, $"certificate request: wanted {consumed} bytes, got {encoded.Length}");
            }

            if (!request.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(current.PublicKey.ExportSubjectPublicKeyInfo()))
            {
                throw new RejectedException(RejectionReason.ForeignCertificate, "certificate request: wanted the key of the certificate that was shown, got another; a device that was given a new key is certified anew by its authority");
            }

            return PartsOf(request.SubjectName).SequenceEqual(PartsOf(current.SubjectName))
                ? encoded
                : throw new RejectedException(RejectionReason.ForeignCertificate, "certificate request: wanted the subject of the certificate that was shown, got another");
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            throw new RejectedException(RejectionReason.Malformed, "certificate request: wanted base64 of a PKCS#10 request that is signed by its own key, got something else");
        }
    }

    // Programs choose between the string types of ASN.1 as they like; what counts is what a name says (RFC 5280 section 7.1).
    private static IEnumerable<(string? Type, string? Value)> PartsOf(X500DistinguishedName name) => name.EnumerateRelativeDistinguishedNames()
        .Select(static part => part.HasMultipleElements ? throw new CryptographicException() : (part.GetSingleElementType().Value, part.GetSingleElementValue()));
}
