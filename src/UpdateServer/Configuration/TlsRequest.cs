using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Interop.Cryptoki;

namespace Fota.UpdateServer.Configuration;

/// <summary>Prepares a server for its certificate: makes the token and the key in it, if they are not there, and a PKCS#10 request.</summary>
internal static class TlsRequest
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>The request as PEM.</summary>
    public static string Create(TlsSettings settings)
    {
        if (settings.UnsafeKeyFile is not null)
        {
            throw new ConfigurationException("tls.unsafeKeyFile: wanted a token for tls-request, got a key file");
        }

        using CryptokiLibrary library = CryptokiLibrary.Load(settings.Pkcs11Module!);
        using Pin pin = Pin.FromFile(settings.PinFile!);
        if (!library.GetTokens().Any(t => t.Label == settings.TokenLabel))
        {
            using Pin securityOfficer = Pin.FromFile(settings.SoPinFile ?? throw new ConfigurationException($"tls.soPinFile: wanted, to make the token {settings.TokenLabel}, got none"));
            library.InitializeToken(settings.TokenLabel!, securityOfficer, pin);
        }

        using Token token = Token.Open(library, settings.TokenLabel!, pin);
        TokenKey key = token.FindKeys().FirstOrDefault(k => k.Label == settings.KeyLabel) ?? token.GenerateKey(KeyAlgorithm.EcdsaP256, settings.KeyLabel!);
        using ECDsa signer = key.AsECDsa();
        CertificateRequest request = new($"CN={NameOf(settings.SubjectAltNames[0])}", signer, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(AltNames(settings.SubjectAltNames));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        return request.CreateSigningRequestPem() + "\n";
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
