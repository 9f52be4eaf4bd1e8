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
        RegisteredAuthority[] devices = settings.DeviceCaFile is { } file
            ? [RegisteredAuthority.Read(new AuthoritySettings { CertificatesFile = file }, "deviceCa")]
            : [.. settings.DeviceCas.Select(static (ca, i) => RegisteredAuthority.Read(ca, $"deviceCas[{i}].certificates"))];
        RegisteredAuthority[] operators = settings.OperatorCa is { } people ? [RegisteredAuthority.Read(people, "operatorCa.certificates")] : [];

        // By key: what one authority says would else count as what another does.
        X509Certificate2? twice = devices.Concat(operators)
            .SelectMany(static (a, i) => a.Certificates.Select(c => (Authority: i, Certificate: c)))
            .GroupBy(static c => Convert.ToHexString(c.Certificate.PublicKey.ExportSubjectPublicKeyInfo()), StringComparer.Ordinal)
            .FirstOrDefault(static g => g.DistinctBy(static c => c.Authority).Count() > 1)?.First().Certificate;
        return twice is null
            ? new AuthorityRegister(devices, operators)
            : throw new ConfigurationException($"deviceCas, operatorCa: wanted each authority once, got {twice.Subject} twice");
    }
}
