using System.Security.Cryptography.X509Certificates;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.UpdateServer.Certificates;
using Fota.UpdateServer.Configuration;

namespace Fota.UpdateServer.Devices;

/// <summary>
/// Turns a client certificate into a device's identity: of a registered device CA, which may have devices of that product; valid now, or expired no longer than
/// policy allows for what it is used for; and neither taken back nor shut out.
/// </summary>
internal sealed class DeviceCertificates(IReadOnlyList<RegisteredAuthority> authorities, ExpiredCertificatePolicy expired, DeviceRevocations revocations, TimeProvider time)
{
    private const string CommonName = "2.5.4.3";
    private const string OrganizationalUnit = "2.5.4.11";

    private readonly ClientCertificateJudge _judge = new(authorities, time);

    /// <summary>The CA certificates that vouch for devices.</summary>
    public X509Certificate2Collection Authorities => _judge.Certificates;

    /// <summary>Whose certificate it is, or why it is nobody's.</summary>
    /// <param name="certificate">What was shown.</param>
    /// <param name="use">What it is to be good for.</param>
    public (DeviceCredential? Credential, Rejection? Refused) Identify(X509Certificate2 certificate, CertificateUse use)
    {
        (DeviceCredential? credential, Rejection? refused) = Read(certificate, use);
        return credential is null ? (null, refused)
            : revocations.Find(credential.Identity.Device, credential.Identity.Key.Id) is { } revocation
                ? (null, ClientCertificateJudge.Foreign($"wanted a device that is not shut out, got {credential.Identity.Device}, which {revocation.By} shut out: {revocation.Reason}"))
                : (credential, null);
    }

    /// <summary>Whether what a certificate came to before is true now: it has not ended, nothing of its chain was taken back, and the device is not shut out.</summary>
    public bool IsStillGood(DeviceCredential known) =>
        known.Judged.IsStillGood(time.GetUtcNow()) && revocations.Find(known.Identity.Device, known.Identity.Key.Id) is null;

    private (DeviceCredential? Credential, Rejection? Refused) Read(X509Certificate2 certificate, CertificateUse use)
    {
        (JudgedCertificate? judged, Rejection? refused) = _judge.Judge(certificate);
        if (judged is null)
        {
            return (null, refused);
        }

        if (!DeviceId.TryParse(Single(certificate, CommonName), out DeviceId? device) || !ProductName.TryParse(Single(certificate, OrganizationalUnit), out ProductName? product))
        {
            return (null, ClientCertificateJudge.Foreign("wanted a subject with one common name (the device) and one organisational unit (its product), got another"));
        }

        if (judged.Authority.Products?.Contains(product.ToString()) == false)
        {
            return (null, ClientCertificateJudge.Foreign($"wanted a certificate of a CA of {product}, got one of a CA of {string.Join(", ", judged.Authority.Products)}"));
        }

        return WhyNotExpired(certificate, judged, use) is { } late ? (null, late) : WithKey(certificate, judged, device, product);
    }

    private static (DeviceCredential? Credential, Rejection? Refused) WithKey(X509Certificate2 certificate, JudgedCertificate judged, DeviceId device, ProductName product)
    {
        try
        {
            return (new DeviceCredential(new DeviceIdentity(device, product, VerificationKey.FromSubjectPublicKeyInfo(certificate.PublicKey.ExportSubjectPublicKeyInfo())), judged), null);
        }
        catch (RejectedException e)
        {
            return (null, e.Rejection);
        }
    }

    private Rejection? WhyNotExpired(X509Certificate2 certificate, JudgedCertificate judged, CertificateUse use) =>
        judged.Expired == TimeSpan.Zero || expired.Allows(use, judged.Expired)
            ? null
            : new Rejection(
                RejectionReason.CertificateExpired,
                $"wanted a valid certificate, got one that ended on {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}; {use}: {(expired.Allowed.Contains(use) ? $"up to {expired.Grace.Days} days after" : "not allowed with it")}");

    private static string? Single(X509Certificate2 certificate, string oid)
    {
        string?[] values = [.. certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .Where(r => r.HasMultipleElements || r.GetSingleElementType().Value == oid)
            .Select(static r => r.HasMultipleElements ? null : r.GetSingleElementValue())];
        return values.Length == 1 ? values[0] : null;
    }
}

/// <summary>A device's identity, and the chain of certificates that it rests on.</summary>
internal sealed record DeviceCredential(DeviceIdentity Identity, JudgedCertificate Judged);
