using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Fota.Manifest;
using Fota.Signer.Repository;

namespace Fota.Signer.Authority;

/// <summary>An update server as the device CA sees it: it has requests of devices, and takes answers. Of what it says the requests alone are used.</summary>
internal sealed class EnrolmentEndpoint : IDisposable
{
    private const int MaxAnswerBytes = 2 * 1024 * 1024;
    private const int MaxRequests = 1000;
    private const int MaxRequestBytes = 4096;
    private const int MaxDetail = 500;
    private const string Enrolments = "/api/v1/enrolments";

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly HttpClient _client;
    private readonly string _tokenFile;

    public EnrolmentEndpoint(Uri server, string authorityFile, string tokenFile)
    {
        Server = server;
        _tokenFile = tokenFile;
        _client = ServerClient.Open(server, authorityFile, MaxAnswerBytes);
        _client.Timeout = s_patience;
    }

    public Uri Server { get; }

    /// <summary>The requests that wait, PKCS#10 in DER.</summary>
    public async Task<IReadOnlyList<byte[]>> WaitingAsync(CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, Enrolments);
        using HttpResponseMessage response = await SendAsync(request, cancellation);
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellation);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new SignerRefusalException($"{Server} refused to show requests for certificates: {PublicationRefusal.Read(response.StatusCode, body).Text}");
        }

        try
        {
            using JsonDocument list = JsonDocument.Parse(body);
            byte[][] requests = [.. list.RootElement.EnumerateArray().Select(static item => item.GetProperty("request").GetBytesFromBase64())];
            return requests.Length <= MaxRequests && Array.TrueForAll(requests, static r => r.Length is > 0 and <= MaxRequestBytes)
                ? requests
                : throw new SignerRefusalException($"{Server}: wanted at most {MaxRequests} requests for certificates of at most {MaxRequestBytes} bytes, got more");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new SignerRefusalException($"{Server}: wanted a list of requests for certificates, got something else", e);
        }
    }

    /// <summary>Delivers a certificate.</summary>
    /// <returns>False when the server does not wait for it any more.</returns>
    public async Task<bool> IssueAsync(Sha256Digest request, X509Certificate2 certificate, CancellationToken cancellation)
    {
        using ByteArrayContent content = new(certificate.RawData);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/pkix-cert");
        return await AnswerAsync($"{Enrolments}/{request}/certificate", content, cancellation);
    }

    /// <inheritdoc cref="IssueAsync"/>
    public async Task<bool> RefuseAsync(Sha256Digest request, string why, CancellationToken cancellation)
    {
        using JsonContent content = JsonContent.Create(new { detail = why.Length <= MaxDetail ? why : why[..MaxDetail] });
        return await AnswerAsync($"{Enrolments}/{request}/refusal", content, cancellation);
    }

    public void Dispose() => _client.Dispose();

    private async Task<bool> AnswerAsync(string path, HttpContent content, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = content };
        using HttpResponseMessage response = await SendAsync(request, cancellation);
        return response.StatusCode switch
        {
            HttpStatusCode.NoContent => true,
            HttpStatusCode.NotFound => false,
            _ => throw new SignerRefusalException($"{Server} did not take an answer to a request for a certificate: {PublicationRefusal.Read(response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellation)).Text}"),
        };
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        request.Headers.Authorization = ServerClient.Authorization(_tokenFile);
        try
        {
            return await _client.SendAsync(request, cancellation);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new SignerRefusalException($"{Server}: no answer within {s_patience.TotalSeconds} s", e);
        }
    }
}
