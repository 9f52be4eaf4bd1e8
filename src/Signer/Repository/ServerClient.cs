using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fota.Interop.Posix;

namespace Fota.Signer.Repository;

/// <summary>How the signer reaches an update server: TLS that ends at the CAs it was told, and the operator's token.</summary>
internal static class ServerClient
{
    public static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(30);

    /// <summary>A client of this server.</summary>
    /// <param name="server">Its address, https.</param>
    /// <param name="authorityFile">PEM file of the CAs of its certificate: one, or two while they change.</param>
    /// <param name="maxAnswerBytes">The longest answer.</param>
    public static HttpClient Open(Uri server, string authorityFile, int maxAnswerBytes)
    {
        if (!string.Equals(server.Scheme, Uri.UriSchemeHttps, StringComparison.Ordinal))
        {
            throw new SignerRefusalException($"server: wanted an https address, got {server}");
        }

        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            ConnectTimeout = ConnectPatience,
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = TrustOnly(authorityFile) },
        };
        return new HttpClient(handler) { BaseAddress = server, MaxResponseContentBufferSize = maxAnswerBytes };
    }

    /// <summary>The token as it is in its file now.</summary>
    public static AuthenticationHeaderValue Authorization(string tokenFile) => new("Bearer", PrivateFile.Read(tokenFile, "token file", Encoding.ASCII.GetString));

    private static X509ChainPolicy TrustOnly(string authorityFile)
    {
        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.ImportFromPemFile(authorityFile);
        return policy.CustomTrustStore.Count > 0 ? policy : throw new CryptographicException($"{authorityFile}: wanted a CA certificate (PEM), got none");
    }
}
