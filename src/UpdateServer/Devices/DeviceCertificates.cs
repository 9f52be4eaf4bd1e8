using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.UpdateServer.Configuration;

namespace Fota.UpdateServer.Devices;

/// <summary>
/// Turns a client certificate into a device's identity: chain to the device CA and nothing else, for client authentication, valid now or expired no longer than
/// policy allows for what it is used for.
/// </summary>
internal sealed class DeviceCertificates(X509Certificate2Collection deviceCa, ExpiredCertificatePolicy expired, TimeProvider time)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string CommonName = "2.5.4.3";
    private const string OrganizationalUnit = "2.5.4.11";

    /// <summary>The CA certificates that vouch for devices.</summary>
    public X509Certificate2Collection Authorities => deviceCa;

    /// <summary>The identity, or why there is none.</summary>
    public (DeviceIdentity? Identity, Rejection? Refused) Identify(X509Certificate2 certificate, CertificateUse use)
    {
        if (certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(static e => e.CertificateAuthority))
        {
            return (null, Foreign("wanted a device certificate, got a CA's"));
        }

        // Chain building takes a missing extended key usage for "any"; here missing never means "not required" (promise P10).
        if (!certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Any(static e => e.EnhancedKeyUsages.Cast<Oid>().Any(static o => o.Value == ClientAuthentication)))
        {
            return (null, Foreign("wanted the extended key usage client authentication, got none"));
        }

        if (WhyNotTrusted(certificate, use) is { } untrusted)
        {
            return (null, untrusted);
        }

        if (!DeviceId.TryParse(Single(certificate, CommonName), out DeviceId? device) || !ProductName.TryParse(Single(certificate, OrganizationalUnit), out ProductName? product))
        {
            return (null, Foreign("wanted a subject with one common name (the device) and one organisational unit (its product), got another"));
        }

        try
        {
            return (new DeviceIdentity(device, product, VerificationKey.FromSubjectPublicKeyInfo(certificate.PublicKey.ExportSubjectPublicKeyInfo())), null);
        }
        catch (RejectedException e)
        {
            return (null, e.Rejection);
        }
    }

    private static Rejection Foreign(string detail) => new(RejectionReason.ForeignCertificate, detail);

    private Rejection? WhyNotTrusted(X509Certificate2 certificate, CertificateUse use)
    {
        DateTimeOffset now = time.GetUtcNow(), end = new(certificate.NotAfter);
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(deviceCa);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // no list is published yet, and no network is ever asked
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.VerificationTime = now.LocalDateTime;
        if (chain.Build(certificate))
        {
            return null;
        }

        if (!IsExpiryAlone(chain) || end >= now)
        {
            return Foreign($"wanted a chain to the device CA, got {string.Join(", ", chain.ChainStatus.Select(static s => s.Status).Distinct())}");
        }

        return expired.Allows(use, now - end)
            ? null
            : new Rejection(RejectionReason.CertificateExpired, $"wanted a valid certificate, got one that ended on {end.UtcDateTime:yyyy-MM-dd}; {use}: {(expired.Allowed.Contains(use) ? $"up to {expired.Grace.Days} days after" : "not allowed with it")}");
    }

    /// <summary>Whether nothing is wrong but the time of the device's own certificate: not its signature, not its use, and nothing about its authority.</summary>
    private static bool IsExpiryAlone(X509Chain chain) =>
        chain.ChainElements.Count >= 2
        && chain.ChainElements[0].ChainElementStatus.All(static s => s.Status == X509ChainStatusFlags.NotTimeValid)
        && chain.ChainElements.Skip(1).All(static e => e.ChainElementStatus.Length == 0)
        && chain.ChainStatus.All(static s => s.Status == X509ChainStatusFlags.NotTimeValid);

    private static string? Single(X509Certificate2 certificate, string oid)
    {
        string?[] values = [.. certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .Where(r => r.HasMultipleElements || r.GetSingleElementType().Value == oid)
            .Select(static r => r.HasMultipleElements ? null : r.GetSingleElementValue())];
        return values.Length == 1 ? values[0] : null;
    }
}
