using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fota.Interop.Posix;

namespace Fota.Signer.Repository;

/// <summary>The update server as the signer sees it: two requests, over TLS that ends at our own service CA, with an operator's token.</summary>
internal sealed class PublicationEndpoint : IDisposable
{
    private const int MaxProblemBytes = 64 * 1024;

    private readonly HttpClient _client;
    private readonly string _tokenFile;

    public PublicationEndpoint(Uri server, string authorityFile, string tokenFile)
    {
        if (!string.Equals(server.Scheme, Uri.UriSchemeHttps, StringComparison.Ordinal))
        {
            throw new SignerRefusalException($"server: wanted an https address, got {server}");
        }

        Server = server;
        _tokenFile = tokenFile;
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = TrustOnly(authorityFile) },
        };
        _client = new HttpClient(handler) { BaseAddress = server, Timeout = TimeSpan.FromMinutes(10), MaxResponseContentBufferSize = MaxProblemBytes };
    }

    public Uri Server { get; }

    /// <summary>The timestamp that the server serves: what it has, whatever it acknowledged once. Null when it serves none.</summary>
    /// <exception cref="SignerRefusalException">The server gave no answer to that.</exception>
    /// <exception cref="HttpRequestException">The server was not reached.</exception>
    public async Task<byte[]?> ReadTimestampAsync(CancellationToken cancellation)
    {
        using HttpResponseMessage response = await _client.GetAsync("/repo/" + RepositoryFolder.Timestamp, cancellation);
        return response switch
        {
            { StatusCode: HttpStatusCode.OK } => await response.Content.ReadAsByteArrayAsync(cancellation),
            { StatusCode: HttpStatusCode.NotFound } => null,
            _ => throw new SignerRefusalException($"{Server} refused to show its timestamp: {(int)response.StatusCode}"),
        };
    }

    /// <summary>Sends a publication.</summary>
    /// <returns>Null when the server has taken it, else its refusal.</returns>
    /// <exception cref="HttpRequestException">The server was not reached.</exception>
    public async Task<PublicationRefusal?> SendAsync(Publication publication, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/api/v1/publications") { Content = publication.ToContent() };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", PrivateFile.Read(_tokenFile, "token file", Encoding.ASCII.GetString));
        using HttpResponseMessage response = await _client.SendAsync(request, cancellation);
        return response.IsSuccessStatusCode ? null : PublicationRefusal.Read(response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellation));
    }

    public void Dispose() => _client.Dispose();

    private static X509ChainPolicy TrustOnly(string authorityFile)
    {
        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.Add(X509Certificate2.CreateFromPem(File.ReadAllText(authorityFile)));
        return policy;
    }
}
