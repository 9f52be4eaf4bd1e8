using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest;
using Fota.Manifest.Keys;

namespace Fota.DeviceAgent.Identity;

/// <summary>
/// The proof that a certificate may take the place of the device's: same key, same subject, by an authority that the device knows, good for longer. A server that
/// was taken over could else lock a device out for good, by giving it one that no other server accepts.
/// </summary>
internal sealed class RenewedCertificate
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private RenewedCertificate(X509Certificate2 certificate) => Certificate = certificate;

    public X509Certificate2 Certificate { get; }

    /// <summary>Examines what came in answer to a request.</summary>
    /// <param name="encoded">The certificate, DER.</param>
    /// <param name="current">The one that it renews.</param>
    /// <param name="key">The device's key.</param>
    /// <param name="authorities">Those that the device trusts to certify it.</param>
    /// <param name="now">The device's time.</param>
    public static Verdict<RenewedCertificate> Verify(byte[] encoded, X509Certificate2 current, VerificationKey key, X509Certificate2Collection authorities, DateTimeOffset now) =>
        Verdict.Of(() => new RenewedCertificate(Examine(encoded, current, key, authorities, now)));

    private static X509Certificate2 Examine(byte[] encoded, X509Certificate2 current, VerificationKey key, X509Certificate2Collection authorities, DateTimeOffset now)
    {
        X509Certificate2 certificate = Load(encoded);
        if (!certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.SubjectPublicKeyInfo.Span))
        {
            throw Foreign("one for the device's key, got one for another");
        }

        if (!certificate.SubjectName.RawData.AsSpan().SequenceEqual(current.SubjectName.RawData))
        {
            throw Foreign($"the subject \"{current.SubjectName.Name}\", got \"{Printable(certificate.SubjectName.Name)}\"");
        }

        if (certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(static e => e.CertificateAuthority)
            || !certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Any(static e => e.EnhancedKeyUsages.Cast<Oid>().Any(static o => o.Value == ClientAuthentication)))
        {
            throw Foreign("one for client authentication, got one for something else");
        }

        DateTimeOffset end = new(certificate.NotAfter);
        if (end <= now)
        {
            throw new RejectedException(RejectionReason.CertificateExpired, $"new certificate: wanted one that is good after {now.UtcDateTime:u}, got one that ended on {end.UtcDateTime:u}");
        }

        if (certificate.NotAfter <= current.NotAfter)
        {
            throw Foreign($"one that ends later than {current.NotAfter.ToUniversalTime():u}, got one that ends on {end.UtcDateTime:u}");
        }

        return IsIssuedBy(certificate, authorities, now) ? certificate : throw Foreign("one by an authority that this device knows, got another's");
    }

    // That it is not valid yet is for the server to judge: a device's clock that is behind is no reason to let the old one expire.
    private static bool IsIssuedBy(X509Certificate2 certificate, X509Certificate2Collection authorities, DateTimeOffset now)
    {
        DateTimeOffset begin = new(certificate.NotBefore);
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.VerificationTime = (now > begin ? now : begin).LocalDateTime;
        return authorities.Count > 0 && chain.Build(certificate);
    }

    private static X509Certificate2 Load(byte[] encoded)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(encoded);
        }
        catch (CryptographicException)
        {
            throw new RejectedException(RejectionReason.Malformed, "new certificate: wanted an X.509 certificate, got something else");
        }
    }

    private static RejectedException Foreign(string wantedAndGot) => new(RejectionReason.ForeignCertificate, "new certificate: wanted " + wantedAndGot);

    private static string Printable(string text) => new([.. text.Select(static c => char.IsControl(c) ? '?' : c)]);
}
