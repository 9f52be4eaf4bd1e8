using System.Security.Cryptography.X509Certificates;

namespace Fota.Shared;

/// <summary>
/// What TLS is to make of a client's certificate before those who judge it do: nothing. The framework builds a chain in any case; left to itself over this machine's
/// authorities, which vouch for nobody here, and while the handshake waits it asks an address in the certificate, whoever made it, for the issuer.
/// </summary>
internal static class ClientChain
{
    /// <summary>Without authorities and without network. Each connection takes a copy.</summary>
    public static X509ChainPolicy Unjudged { get; } = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
}
