using System.Net;
using System.Net.Http.Json;
using System.Text;
using Fota.Manifest.Log;
using Fota.Signer.Log;

namespace Fota.Signer.Repository;

/// <summary>An update server as whoever signs for its log sees it: it shows the head of its tree, and takes checkpoints.</summary>
internal sealed class ServerLogEndpoint : IDisposable
{
    private const int MaxAnswerBytes = 64 * 1024;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly HttpClient _client;
    private readonly string _tokenFile;

    public ServerLogEndpoint(Uri server, string authorityFile, string tokenFile)
    {
        Server = server;
        _tokenFile = tokenFile;
        _client = ServerClient.Open(server, authorityFile, MaxAnswerBytes);
        _client.Timeout = s_patience;
    }

    public Uri Server { get; }

    /// <summary>The head of its tree, with the proof that it began as that of <paramref name="from"/> entries.</summary>
    /// <exception cref="SignerRefusalException">It gave none.</exception>
    public async Task<ServerTreeHead> HeadAsync(long from, CancellationToken cancellation)
    {
        (HttpStatusCode status, byte[] answer) = await SendAsync(HeadAfter(from), cancellation);
        if (status == HttpStatusCode.Conflict)
        {
            // It has fewer entries. How many is for the signer to see, and to refuse.
            (status, answer) = await SendAsync(HeadAfter(0), cancellation);
        }

        return ServerTreeHead.Read(Server, Demand("show the head of its log", status, answer));
    }

    /// <summary>Gives it a checkpoint.</summary>
    /// <exception cref="SignerRefusalException">It did not take it.</exception>
    public async Task SendAsync(VerifiedCheckpoint checkpoint, CancellationToken cancellation)
    {
        using JsonContent content = JsonContent.Create(new { vkey = checkpoint.Key.Text, checkpoint = Encoding.UTF8.GetString(checkpoint.Note.Bytes.Span) });
        HttpRequestMessage request = new(HttpMethod.Post, "/api/v1/audit/checkpoints") { Content = content };
        (HttpStatusCode status, byte[] answer) = await SendAsync(request, cancellation);
        _ = Demand("take a checkpoint of its log", status, answer);
    }

    public void Dispose() => _client.Dispose();

    private static HttpRequestMessage HeadAfter(long from) => new(HttpMethod.Get, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"/api/v1/audit/tree-head?from={from}"));

    private byte[] Demand(string what, HttpStatusCode status, byte[] answer) => status == HttpStatusCode.OK
        ? answer
        : throw new SignerRefusalException($"{Server} refused to {what}: {PublicationRefusal.Read(status, answer).Text}");

    private async Task<(HttpStatusCode Status, byte[] Answer)> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using HttpRequestMessage sent = request;
        request.Headers.Authorization = ServerClient.Authorization(_tokenFile);
        try
        {
            using HttpResponseMessage response = await _client.SendAsync(request, cancellation);
            return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellation));
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new SignerRefusalException($"{Server}: no answer within {s_patience.TotalSeconds} s", e);
        }
    }
}
