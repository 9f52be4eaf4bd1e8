using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Fota.Interop.Posix;

namespace Fota.Signer.Repository;

/// <summary>The update server as the signer sees it: one request, over TLS that ends at our own service CA, with an operator's token.</summary>
internal sealed class PublicationEndpoint : IDisposable
{
    private const int MaxProblemBytes = 64 * 1024;

    private static readonly string[] s_problemMembers = ["reason", "title", "detail"];

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

    /// <summary>Sends a publication; returns when the server has taken it.</summary>
    /// <exception cref="SignerRefusalException">The server refused it, or answered what is no answer.</exception>
    /// <exception cref="HttpRequestException">The server was not reached.</exception>
    public async Task SendAsync(Publication publication, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/api/v1/publications") { Content = publication.ToContent() };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", PrivateFile.Read(_tokenFile, "token file", Encoding.ASCII.GetString));
        using HttpResponseMessage response = await _client.SendAsync(request, cancellation);
        if (!response.IsSuccessStatusCode)
        {
            throw new SignerRefusalException($"{Server} refused the publication: {(int)response.StatusCode} {Reason(await response.Content.ReadAsByteArrayAsync(cancellation))}");
        }
    }

    public void Dispose() => _client.Dispose();

    private static X509ChainPolicy TrustOnly(string authorityFile)
    {
        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.Add(X509Certificate2.CreateFromPem(File.ReadAllText(authorityFile)));
        return policy;
    }

    private static string Reason(byte[] body)
    {
        try
        {
            using JsonDocument problem = JsonDocument.Parse(body);
            return string.Join(": ", s_problemMembers.Select(name => problem.RootElement.TryGetProperty(name, out JsonElement value) ? value.ToString() : "").Where(static text => text.Length > 0));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "(without a reason)";
        }
    }
}
