using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fota.DeviceAgent.Tests.Simulation;

/// <summary>A certificate authority in memory.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly X509Certificate2 _certificate;

    public TestAuthority(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(2));
    }

    public string Pem => _certificate.ExportCertificatePem();

    /// <summary>Signs a request for client authentication, as the device CA does.</summary>
    public string IssueDevice(string requestPem) =>
        Issue(CertificateRequest.LoadSigningRequestPem(requestPem, HashAlgorithmName.SHA256), "1.3.6.1.5.5.7.3.2").ExportCertificatePem();

    /// <summary>A certificate for a server on the loopback address, with its key.</summary>
    public X509Certificate2 IssueServer()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=fota-server", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = Issue(request, "1.3.6.1.5.5.7.3.1");
        return certificate.CopyWithPrivateKey(key);
    }

    public void Dispose() => _certificate.Dispose();

    private X509Certificate2 Issue(CertificateRequest request, string usage)
    {
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        return request.Create(_certificate, TimeProvider.System.GetUtcNow().AddHours(-1), TimeProvider.System.GetUtcNow().AddDays(1), RandomNumberGenerator.GetBytes(12));
    }
}
