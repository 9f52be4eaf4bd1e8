using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Interop.OpenSsl;
using Fota.Signer.Home;

namespace Fota.Signer.Service;

/// <summary>The service's TLS certificate, and where its key is: in a token, or on a workbench in a file.</summary>
internal sealed record ServiceTlsSettings
{
    /// <summary>PEM file of the certificate.</summary>
    public required string Certificate { get; init; }

    /// <summary>Path of the PKCS#11 module.</summary>
    public string? Pkcs11Module { get; init; }

    /// <summary>Label of a token that holds this key and no other.</summary>
    public string? TokenLabel { get; init; }

    /// <summary>Label of the key on it.</summary>
    public string? KeyLabel { get; init; }

    /// <summary>File with the token's PIN, mode 0600.</summary>
    public string? PinFile { get; init; }

    /// <summary>File with the security officer's PIN, mode 0600; needed only to make the token.</summary>
    public string? SoPinFile { get; init; }

    /// <summary>Names for the certificate request, for example "DNS:signer.example" or "IP:127.0.0.1"; at least one.</summary>
    public IReadOnlyList<string> SubjectAltNames { get; init; } = ["IP:127.0.0.1", "DNS:localhost"];

    /// <summary>PEM file of a private key that anyone who reads the file has; refused in production (P7).</summary>
    public string? UnsafeKeyFile { get; init; }

    private TokenKeyLocation InToken => new(Pkcs11Module!, TokenLabel!, KeyLabel!, PinFile!);

    /// <summary>Makes the token and the key in it, if they are not there, and a request for the certificate (PEM).</summary>
    /// <param name="home">The home's settings: none of its tokens is one for TLS.</param>
    public string Request(SignerSettings home)
    {
        if (UnsafeKeyFile is not null)
        {
            throw new SignerRefusalException("tls.unsafeKeyFile: wanted a token for a certificate request, got a key file");
        }

        DemandOwnToken(home);
        try
        {
            using TokenTlsKey key = TokenTlsKey.OpenOrMake(InToken, SoPinFile);
            return ServerCertificateRequest.Create(key.Key, SubjectAltNames);
        }
        catch (InvalidOperationException e)
        {
            throw new SignerRefusalException($"tls.soPinFile: {e.Message}", e);
        }
    }

    /// <summary>Opens the certificate with its key.</summary>
    /// <param name="home">The home's settings: none of its tokens is one for TLS.</param>
    /// <param name="owned">Takes what has to be closed when the service ends.</param>
    public X509Certificate2 Open(SignerSettings home, Stack<IDisposable> owned)
    {
        using X509Certificate2 bare = X509Certificate2.CreateFromPem(File.ReadAllText(Certificate));
        if (UnsafeKeyFile is { } file)
        {
            using ECDsa key = ECDsa.Create();
            key.ImportFromPem(File.ReadAllText(file));
            return bare.CopyWithPrivateKey(key);
        }

        DemandOwnToken(home);
        TokenTlsKey opened = TokenTlsKey.Open(InToken);
        owned.Push(opened);
        return opened.PrivateKeysOnToken == 1
            ? opened.Attach(bare)
            : throw new SignerRefusalException($"tls.tokenLabel: wanted a token with the TLS key '{KeyLabel}' alone, got {opened.PrivateKeysOnToken} private keys on '{TokenLabel}'");
    }

    /// <summary>A token that holds a key of the home would be one more that the service can sign with (P6).</summary>
    private void DemandOwnToken(SignerSettings home)
    {
        if (home.Keys.Any(key => string.Equals(key.Token, TokenLabel, StringComparison.Ordinal)))
        {
            throw new SignerRefusalException($"tls.tokenLabel: wanted a token of its own for the service's TLS key, got '{TokenLabel}', which has a key of the home");
        }
    }

    internal void Validate(bool isProduction)
    {
        ServiceSettings.Demand(UnsafeKeyFile is null || !isProduction, "tls.unsafeKeyFile", "a key in a token, as in every production layout", "a key file");
        bool all = Pkcs11Module is not null && TokenLabel is not null && KeyLabel is not null && PinFile is not null;
        bool any = Pkcs11Module is not null || TokenLabel is not null || KeyLabel is not null || PinFile is not null || SoPinFile is not null;
        ServiceSettings.Demand(UnsafeKeyFile is null ? all : !any, "tls", "pkcs11Module, tokenLabel, keyLabel and pinFile, or in development unsafeKeyFile alone", "something in between");
        ServiceSettings.Demand(SubjectAltNames.Count > 0 && SubjectAltNames.All(ServerCertificateRequest.IsAltName), "tls.subjectAltNames", "DNS:NAME and IP:ADDRESS, at least one", "something else");
    }

    internal ServiceTlsSettings In(string directory) => this with
    {
        Certificate = Path.GetFullPath(Certificate, directory),
        PinFile = PinFile is null ? null : Path.GetFullPath(PinFile, directory),
        SoPinFile = SoPinFile is null ? null : Path.GetFullPath(SoPinFile, directory),
        UnsafeKeyFile = UnsafeKeyFile is null ? null : Path.GetFullPath(UnsafeKeyFile, directory),
    };
}
