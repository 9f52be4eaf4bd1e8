using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.DeviceAgent.Keys;

namespace Fota.DeviceAgent.Configuration;

/// <summary>Makes the request for the device's certificate.</summary>
internal static class CertificateRequests
{
    /// <summary>A PKCS#10 request as PEM: CN is the device, OU its product.</summary>
    public static string Create(DeviceIdentity identity, IDeviceKey key)
    {
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentNullException.ThrowIfNull(key);
        X500DistinguishedNameBuilder subject = new();
        subject.AddOrganizationalUnitName(identity.Product.ToString());
        subject.AddCommonName(identity.Device);
        return new CertificateRequest(subject.Build(), key.AsECDsa(), HashAlgorithmName.SHA256).CreateSigningRequestPem() + "\n";
    }
}
