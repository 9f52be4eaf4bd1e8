using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.UpdateServer.Configuration;

namespace Fota.UpdateServer.Certificates;

/// <summary>All authorities whose certificates count here, and for what.</summary>
/// <param name="Devices">They vouch for devices.</param>
/// <param name="Operators">They vouch for people: one, or none.</param>
internal sealed record AuthorityRegister(IReadOnlyList<RegisteredAuthority> Devices, IReadOnlyList<RegisteredAuthority> Operators)
{
    /// <summary>The lists of all.</summary>
    public IEnumerable<RevocationLists> Lists => Devices.Concat(Operators).Select(static a => a.Lists).OfType<RevocationLists>();

    /// <exception cref="ConfigurationException">A file is not what it should be, or an authority is there twice.</exception>
    public static AuthorityRegister Read(ServerSettings settings)
    {
        Unread[] devices = settings.DeviceCaFile is { } file
            ? [Unread.Of(new AuthoritySettings { CertificatesFile = file }, "deviceCa")]
            : [.. settings.DeviceCas.Select(static (ca, i) => Unread.Of(ca, $"deviceCas[{i}].certificates"))];
        Unread[] operators = settings.OperatorCa is { } people ? [Unread.Of(people, "operatorCa.certificates")] : [];
        RequireOnce([.. devices, .. operators]);

        X509Certificate2Collection all = [.. devices.Concat(operators).SelectMany(static a => a.Certificates)];
        return new AuthorityRegister([.. devices.Select(a => a.Read(all))], [.. operators.Select(a => a.Read(all))]);
    }

    /// <summary>By key, not by certificate or name: a CA may have several certificates over one key, and what one authority signs would else count as signed by the other.</summary>
    private static void RequireOnce(IEnumerable<Unread> authorities)
    {
        X509Certificate2? twice = authorities
            .SelectMany(static (a, i) => a.Certificates.Select(c => (Authority: i, Certificate: c)))
            .GroupBy(static c => KeyOf(c.Certificate), StringComparer.Ordinal)
            .FirstOrDefault(static g => g.DistinctBy(static c => c.Authority).Count() > 1)?.Last().Certificate;
        if (twice is not null)
        {
            throw new ConfigurationException($"deviceCas, operatorCa: wanted each authority once, got {twice.Subject} twice");
        }
    }

    /// <summary>The key as this program writes it: it can be spelled in several ways (a point can be compressed, parameters left out).</summary>
    private static string KeyOf(X509Certificate2 certificate)
    {
        using AsymmetricAlgorithm? key = (AsymmetricAlgorithm?)certificate.GetECDsaPublicKey() ?? certificate.GetRSAPublicKey();
        return Convert.ToHexString(key?.ExportSubjectPublicKeyInfo() ?? certificate.PublicKey.ExportSubjectPublicKeyInfo());
    }

    /// <summary>An authority before its lists are read, which may lie in one file with those of others.</summary>
    private sealed record Unread(AuthoritySettings Settings, X509Certificate2Collection Certificates)
    {
        public static Unread Of(AuthoritySettings settings, string setting) => new(settings, PemCertificates.Read(settings.CertificatesFile, setting));

        public RegisteredAuthority Read(X509Certificate2Collection all) => new(
            Certificates,
            Settings.Products?.ToImmutableSortedSet(StringComparer.Ordinal),
            Settings.CrlFiles.Count == 0 ? null : new RevocationLists(Settings.CrlFiles, Certificates, all, TimeSpan.FromDays(Settings.CrlGraceDays)));
    }
}
