using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Fota.UpdateServer.Configuration;

namespace Fota.UpdateServer.Certificates;

/// <summary>An authority whose certificates count here.</summary>
/// <param name="Certificates">Its own: one, or some while it changes.</param>
/// <param name="Products">The products of which it may have devices; null for all.</param>
/// <param name="Lists">What it took back; null where nobody asks.</param>
internal sealed record RegisteredAuthority(X509Certificate2Collection Certificates, ImmutableSortedSet<string>? Products, RevocationLists? Lists)
{
    /// <exception cref="ConfigurationException">A file is not what it should be; <paramref name="setting"/> is named.</exception>
    public static RegisteredAuthority Read(AuthoritySettings settings, string setting)
    {
        X509Certificate2Collection certificates = PemCertificates.Read(settings.CertificatesFile, setting);
        return new RegisteredAuthority(
            certificates,
            settings.Products?.ToImmutableSortedSet(StringComparer.Ordinal),
            settings.CrlFiles.Count == 0 ? null : new RevocationLists(settings.CrlFiles, certificates, TimeSpan.FromDays(settings.CrlGraceDays)));
    }
}
