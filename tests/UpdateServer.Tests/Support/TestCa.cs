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
        : this(name, Generate(), depth: 0)
    {
    }

    /// <summary>One that looks like another: by its name, its key or its serial number.</summary>
    /// <param name="name">Its common name.</param>
    /// <param name="key">Its key.</param>
    /// <param name="above">Who certifies it; null for itself.</param>
    /// <param name="serial">Its serial number; null for one by chance.</param>
    /// <param name="depth">How many CAs may be below it.</param>
    public TestCa(string name, ECDsa key, TestCa? above = null, byte[]? serial = null, int depth = 1)
    {
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, depth, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        X509SignatureGenerator signer = X509SignatureGenerator.CreateForECDsa(above is null ? key : above.Certificate.GetECDsaPrivateKey()!);
        using X509Certificate2 bare = request.Create(above is null ? request.SubjectName : above.Certificate.SubjectName, signer, s_begin, s_end, serial ?? RandomNumberGenerator.GetBytes(16));
        Certificate = bare.CopyWithPrivateKey(key);
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

    /// <summary>A key for one.</summary>
    public static ECDsa Generate() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>Issues a device's certificate that says of its issuer the name alone, and not which key: so do some authorities.</summary>
    public X509Certificate2 IssueDeviceByName(string device, ECDsa key, string product = "infusion-pump")
    {
        CertificateRequest request = new(new X500DistinguishedName($"CN={device}, OU={product}"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ClientAuthentication)], false));
        using X509Certificate2 bare = Issue(request);
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
