using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest;
using Fota.Manifest.Keys;

namespace Fota.UpdateServer.Devices;

/// <summary>Turns a client certificate into a device's identity: chain to the device CA and nothing else, for client authentication, valid now.</summary>
internal sealed class DeviceCertificates(X509Certificate2Collection deviceCa, TimeProvider time)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string CommonName = "2.5.4.3";
    private const string OrganizationalUnit = "2.5.4.11";

    /// <summary>The identity, or a line that says why there is none.</summary>
    public (DeviceIdentity? Identity, string? Refused) Identify(X509Certificate2 certificate)
    {
        if (certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(static e => e.CertificateAuthority))
        {
            return (null, "wanted a device certificate, got a CA's");
        }

        // Chain building takes a missing extended key usage for "any"; here missing never means "not required" (promise P10).
        if (!certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Any(static e => e.EnhancedKeyUsages.Cast<Oid>().Any(static o => o.Value == ClientAuthentication)))
        {
            return (null, "wanted the extended key usage client authentication, got none");
        }

        if (WhyNotTrusted(certificate) is { } untrusted)
        {
            return (null, untrusted);
        }

        if (!DeviceId.TryParse(Single(certificate, CommonName), out DeviceId? device) || !ProductName.TryParse(Single(certificate, OrganizationalUnit), out ProductName? product))
        {
            return (null, "wanted a subject with one common name (the device) and one organisational unit (its product), got another");
        }

        try
        {
            return (new DeviceIdentity(device, product, VerificationKey.FromSubjectPublicKeyInfo(certificate.PublicKey.ExportSubjectPublicKeyInfo())), null);
        }
        catch (RejectedException e)
        {
            return (null, e.Rejection.Detail);
        }
    }

    private string? WhyNotTrusted(X509Certificate2 certificate)
    {
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(deviceCa);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // no list is published yet, and no network is ever asked
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().LocalDateTime;
        return chain.Build(certificate)
            ? null
            : $"wanted a chain to the device CA, got {string.Join(", ", chain.ChainStatus.Select(static s => s.Status).Distinct())}";
    }

    private static string? Single(X509Certificate2 certificate, string oid)
    {
        string?[] values = [.. certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .Where(r => r.HasMultipleElements || r.GetSingleElementType().Value == oid)
            .Select(static r => r.HasMultipleElements ? null : r.GetSingleElementValue())];
        return values.Length == 1 ? values[0] : null;
    }
}
