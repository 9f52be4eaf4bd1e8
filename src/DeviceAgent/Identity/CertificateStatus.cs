using System.Security.Cryptography.X509Certificates;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Identity;

/// <summary>What can be said of a device's certificate by looking at its files.</summary>
/// <param name="Expires">When it ends.</param>
/// <param name="RenewFrom">From when on the device asks for a new one.</param>
/// <param name="IsPending">Whether it has asked.</param>
public sealed record CertificateStatus(DateTimeOffset Expires, DateTimeOffset RenewFrom, bool IsPending)
{
    /// <summary>Reads the files; null when the device has no certificate yet, or none that can be read.</summary>
    internal static CertificateStatus? Read(string file, IDurableStore store)
    {
        try
        {
            X509Certificate2 current = new DeviceCertificateStore(file, store).Current;
            return new CertificateStatus(new DateTimeOffset(current.NotAfter), CertificateRenewal.RenewFrom(current), PendingRenewal.Read(store) is not null);
        }
        catch (SettingsException)
        {
            return null;
        }
    }
}
