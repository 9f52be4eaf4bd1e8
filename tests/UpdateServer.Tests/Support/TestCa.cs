using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>A certificate authority in memory.</summary>
internal sealed class TestCa
{
    public const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    public const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private static readonly DateTimeOffset s_begin = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset s_end = new(2060, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public TestCa(string name)
    {
        ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        Certificate = request.CreateSelfSigned(s_begin, s_end);
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>Issues a certificate for <paramref name="key"/>; every argument can be wrong.</summary>
    public X509Certificate2 Issue(string subject, ECDsa key, string? usage, DateTimeOffset? end = null, bool authority = false)
    {
        CertificateRequest request = new(new X500DistinguishedName(subject), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(authority, false, 0, true));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Certificate, true, false));
        if (usage is not null)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        }

        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 bare = request.Create(Certificate, s_begin, end ?? s_end, RandomNumberGenerator.GetBytes(16));
        return bare.CopyWithPrivateKey(key);
    }

    /// <summary>Issues what a certificate request asks for.</summary>
    public X509Certificate2 Issue(CertificateRequest request) =>
        request.Create(Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(Certificate.GetECDsaPrivateKey()!), s_begin, s_end, RandomNumberGenerator.GetBytes(16));

    /// <summary>Signs the list of what was taken back, in PEM.</summary>
    public string Revoke(long number, DateTimeOffset thisUpdate, DateTimeOffset nextUpdate, params X509Certificate2[] certificates)
    {
        CertificateRevocationListBuilder list = new();
        foreach (X509Certificate2 certificate in certificates)
        {
            list.AddEntry(certificate, thisUpdate);
        }

        return PemEncoding.WriteString("X509 CRL", list.Build(Certificate, number, nextUpdate, HashAlgorithmName.SHA256, null, thisUpdate));
    }

    public X509Certificate2 IssueDevice(string device, ECDsa key, string product = "infusion-pump") => Issue($"CN={device}, OU={product}", key, ClientAuthentication);
}
