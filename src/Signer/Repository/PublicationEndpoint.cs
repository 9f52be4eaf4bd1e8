using System.Net;

namespace Fota.Signer.Repository;

/// <summary>The update server as the signer sees it: two requests, over TLS that ends at our own service CA, with an operator's token.</summary>
internal sealed class PublicationEndpoint : IDisposable
{
    private const int MaxProblemBytes = 64 * 1024;

    private readonly HttpClient _client;
    private readonly string _tokenFile;
    private readonly TimeProvider _clock;

    public PublicationEndpoint(Uri server, string authorityFile, string tokenFile, TimeProvider clock)
    {
        Server = server;
        _tokenFile = tokenFile;
        _clock = clock;

        // How long a publication takes is for its size and the line to say; what ends it is that nothing moves any more.
        _client = ServerClient.Open(server, authorityFile, MaxProblemBytes);
        _client.Timeout = Timeout.InfiniteTimeSpan;
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
            request.Headers.Authorization = ServerClient.Authorization(_tokenFile);
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
            throw new SignerRefusalException($"{Server}: {(deadline.IsOver ? deadline.Missed : $"no connection within {ServerClient.ConnectPatience.TotalSeconds} s")}", e);
        }
    }
}
