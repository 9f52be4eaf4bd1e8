using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fota.Interop.OpenSsl;

/// <summary>A PKCS#10 request (RFC 2986) for a TLS server's certificate.</summary>
public static class ServerCertificateRequest
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>The request as PEM, signed by its own key.</summary>
    /// <param name="key">The server's key.</param>
    /// <param name="altNames">"DNS:NAME" and "IP:ADDRESS", at least one; the first is the subject's common name.</param>
    public static string Create(ECDsa key, IReadOnlyList<string> altNames)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(altNames);
        CertificateRequest request = new($"CN={NameOf(altNames[0])}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(AltNames(altNames));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        return request.CreateSigningRequestPem() + "\n";
    }

    /// <summary>Whether this is a name that <see cref="Create"/> takes.</summary>
    public static bool IsAltName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return (name.StartsWith("DNS:", StringComparison.Ordinal) && Uri.CheckHostName(name[4..]) == UriHostNameType.Dns)
            || (name.StartsWith("IP:", StringComparison.Ordinal) && IPAddress.TryParse(name.AsSpan(3), out _));
    }

    private static X509Extension AltNames(IReadOnlyList<string> names)
    {
        SubjectAlternativeNameBuilder builder = new();
        foreach (string name in names)
        {
            if (name.StartsWith("DNS:", StringComparison.Ordinal))
            {
                builder.AddDnsName(NameOf(name));
            }
            else
            {
                builder.AddIpAddress(IPAddress.Parse(NameOf(name)));
            }
        }

        return builder.Build();
    }

    private static string NameOf(string altName) => altName[(altName.IndexOf(':', StringComparison.Ordinal) + 1)..];
}
