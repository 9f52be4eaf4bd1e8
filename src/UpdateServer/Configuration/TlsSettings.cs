using Fota.Interop.OpenSsl;

namespace Fota.UpdateServer.Configuration;

/// <summary>A TLS certificate, and where its key is: in a token, or on a workbench in a file.</summary>
public sealed record TlsSettings
{
    /// <summary>PEM file of the certificate, followed by intermediate ones if there are any.</summary>
    public required string CertificateFile { get; init; }

    /// <summary>Path of the PKCS#11 module.</summary>
    public string? Pkcs11Module { get; init; }

    /// <summary>Label of the token.</summary>
    public string? TokenLabel { get; init; }

    /// <summary>Label of the key on it.</summary>
    public string? KeyLabel { get; init; }

    /// <summary>File with the token's PIN, mode 0600.</summary>
    public string? PinFile { get; init; }

    /// <summary>File with the security officer's PIN, mode 0600; needed only to make the token.</summary>
    public string? SoPinFile { get; init; }

    /// <summary>Names for the certificate request, for example "DNS:updates.example" or "IP:127.0.0.1"; at least one.</summary>
    public IReadOnlyList<string> SubjectAltNames { get; init; } = ["IP:127.0.0.1", "DNS:localhost"];

    /// <summary>PEM file of a private key that anyone who reads the file has; refused in production (promise P7).</summary>
    public string? UnsafeKeyFile { get; init; }

    /// <summary>Where the key is, when it is in a token.</summary>
    internal TokenKeyLocation InToken => new(Pkcs11Module!, TokenLabel!, KeyLabel!, PinFile!);

    internal void Validate(DeploymentLayout layout)
    {
        if (UnsafeKeyFile is not null && layout != DeploymentLayout.Development)
        {
            throw new ConfigurationException("tls.unsafeKeyFile: wanted a key in a token (pkcs11Module, tokenLabel, keyLabel, pinFile), as in every production layout, got a key file");
        }

        bool token = Pkcs11Module is not null && TokenLabel is not null && KeyLabel is not null && PinFile is not null;
        bool anyOfToken = Pkcs11Module is not null || TokenLabel is not null || KeyLabel is not null || PinFile is not null || SoPinFile is not null;
        if (UnsafeKeyFile is null ? !token : anyOfToken)
        {
            throw new ConfigurationException("tls: wanted pkcs11Module, tokenLabel, keyLabel and pinFile, or in development unsafeKeyFile alone, got something in between");
        }

        if (SubjectAltNames.Count == 0 || !SubjectAltNames.All(ServerCertificateRequest.IsAltName))
        {
            throw new ConfigurationException("tls.subjectAltNames: wanted DNS:NAME and IP:ADDRESS, at least one, got something else");
        }
    }
}
