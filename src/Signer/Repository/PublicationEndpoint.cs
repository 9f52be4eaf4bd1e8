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

    private static readonly TimeSpan s_connectPatience = TimeSpan.FromSeconds(30);

    private readonly HttpClient _client;
    private readonly string _tokenFile;
    private readonly TimeProvider _clock;

    public PublicationEndpoint(Uri server, string authorityFile, string tokenFile, TimeProvider clock)
    {
        if (!string.Equals(server.Scheme, Uri.UriSchemeHttps, StringComparison.Ordinal))
        {
            throw new SignerRefusalException($"server: wanted an https address, got {server}");
        }

        Server = server;
        _tokenFile = tokenFile;
        _clock = clock;
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            ConnectTimeout = s_connectPatience,
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = TrustOnly(authorityFile) },
        };

        // How long a publication takes is for its size and the line to say; what ends it is that nothing moves any more.
        _client = new HttpClient(handler) { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MaxProblemBytes };
    }

    public Uri Server { get; }

    /// <summary>The timestamp that the server serves: what it has, whatever it acknowledged once. Null when it serves none.</summary>
    /// <exception cref="SignerRefusalException">The server gave no answer to that, or none in time.</exception>
    /// <exception cref="HttpRequestException">The server was not reached.</exception>
    public Task<byte[]?> ReadTimestampAsync(CancellationToken cancellation)
    {
        return InTimeAsync(ReadAsync, cancellation);

        async Task<byte[]?> ReadAsync(SendingDeadline deadline)
        {
            using HttpResponseMessage response = await _client.GetAsync("/repo/" + RepositoryFolder.Timestamp, deadline.Token);
            return response switch
            {
                { StatusCode: HttpStatusCode.OK } => await response.Content.ReadAsByteArrayAsync(deadline.Token),
                { StatusCode: HttpStatusCode.NotFound } => null,
                _ => throw new SignerRefusalException($"{Server} refused to show its timestamp: {(int)response.StatusCode}"),
            };
        }
    }

    /// <summary>Sends a publication.</summary>
    /// <returns>Null when the server has taken it, else its refusal.</returns>
    /// <exception cref="SignerRefusalException">The server did not take it in, or did not answer, in time.</exception>
    /// <exception cref="HttpRequestException">The server was not reached.</exception>
    public Task<PublicationRefusal?> SendAsync(Publication publication, CancellationToken cancellation)
    {
        return InTimeAsync(PostAsync, cancellation);

        async Task<PublicationRefusal?> PostAsync(SendingDeadline deadline)
        {
            using HttpRequestMessage request = new(HttpMethod.Post, "/api/v1/publications") { Content = publication.ToContent(deadline) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", PrivateFile.Read(_tokenFile, "token file", Encoding.ASCII.GetString));
            using HttpResponseMessage response = await _client.SendAsync(request, deadline.Token);
            return response.IsSuccessStatusCode ? null : PublicationRefusal.Read(response.StatusCode, await response.Content.ReadAsByteArrayAsync(deadline.Token));
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<T> InTimeAsync<T>(Func<SendingDeadline, Task<T>> exchange, CancellationToken cancellation)
    {
        using SendingDeadline deadline = new(_clock, cancellation);
        try
        {
            return await exchange(deadline);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && (e is OperationCanceledException || (e is HttpRequestException && deadline.IsOver)))
        {
            throw new SignerRefusalException($"{Server}: {(deadline.IsOver ? deadline.Missed : $"no connection within {s_connectPatience.TotalSeconds} s")}", e);
        }
    }

    private static X509ChainPolicy TrustOnly(string authorityFile)
    {
        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.Add(X509Certificate2.CreateFromPem(File.ReadAllText(authorityFile)));
        return policy;
    }
}
