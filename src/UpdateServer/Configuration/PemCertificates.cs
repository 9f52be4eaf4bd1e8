using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fota.UpdateServer.Configuration;

/// <summary>PEM files of certificates.</summary>
internal static class PemCertificates
{
    /// <summary>Trust in the authorities of the file, and in no other.</summary>
    /// <exception cref="ConfigurationException">There is none; <paramref name="setting"/> is named.</exception>
    public static X509ChainPolicy TrustOnly(string file, string setting)
    {
        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.AddRange(Read(file, setting));
        return policy;
    }

    /// <summary>All certificates of the file, at least one.</summary>
    /// <exception cref="ConfigurationException">There is none; <paramref name="setting"/> is named.</exception>
    public static X509Certificate2Collection Read(string file, string setting)
    {
        X509Certificate2Collection certificates = [];
        try
        {
            certificates.ImportFromPemFile(file);
        }
        catch (CryptographicException)
        {
            throw new ConfigurationException($"{setting}: wanted certificates in PEM, got something else in {file}");
        }

        return certificates.Count > 0 ? certificates : throw new ConfigurationException($"{setting}: wanted at least one certificate, got none in {file}");
    }
}
