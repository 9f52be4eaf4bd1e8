using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using Fota.UpdateServer.Configuration;

namespace Fota.UpdateServer.Webhooks;

/// <summary>Tells one receiver. Of its answer the status alone is looked at; it is not led elsewhere, and does not keep this server waiting.</summary>
internal sealed class WebhookClient : IDisposable
{
    private const int MaxHeaderKilobytes = 16;

    /// <summary>So long an answer may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly WebhookSettings _settings;
    private readonly TimeProvider _time;
    private readonly HttpClient _client;

    /// <exception cref="ConfigurationException">The authorities' file is none.</exception>
    /// <exception cref="Interop.Posix.PrivateFileException">The secret is not kept like one.</exception>
    public WebhookClient(WebhookSettings settings, TimeProvider time)
        : this(settings, time, HandlerOf(settings)) => _ = WebhookSecret.Read(settings.SecretFile);

    internal WebhookClient(WebhookSettings settings, TimeProvider time, HttpMessageHandler handler)
    {
        (_settings, _time) = (settings, time);
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Sends a message.</summary>
    /// <exception cref="IOException">The secret cannot be read.</exception>
    public async Task<WebhookAnswer> SendAsync(WebhookBody body, CancellationToken cancellation)
    {
        long seconds = _time.GetUtcNow().ToUnixTimeSeconds();
        using HttpRequestMessage request = new(HttpMethod.Post, _settings.Url) { Content = new ByteArrayContent(body.Json) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("webhook-id", body.Id);
        request.Headers.Add("webhook-timestamp", seconds.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", WebhookSecret.Sign(WebhookSecret.Read(_settings.SecretFile), body.Id, seconds, body.Json));
        using CancellationTokenSource deadline = new(Patience, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            // What it says beside its status is not read.
            using HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return new WebhookAnswer(true, response.IsSuccessStatusCode ? null : $"wanted a status of 200 to 299, got {(int)response.StatusCode}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new WebhookAnswer(false, $"wanted an answer within {Patience.TotalSeconds:F0} s, got none");
        }
        catch (HttpRequestException e)
        {
            return new WebhookAnswer(false, $"it was not reached ({e.HttpRequestError}: {e.Message.ReplaceLineEndings(" ")})");
        }
    }

    public void Dispose() => _client.Dispose();

    private static SocketsHttpHandler HandlerOf(WebhookSettings settings) => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = Patience,
        MaxResponseHeadersLength = MaxHeaderKilobytes,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        SslOptions = settings.AuthorityFile is { } file ? new SslClientAuthenticationOptions { CertificateChainPolicy = PemCertificates.TrustOnly(file, $"webhooks.{settings.Name}.authorities") } : new SslClientAuthenticationOptions(),
    };
}

/// <summary>What came of a message.</summary>
/// <param name="IsReached">Whether the receiver answered at all.</param>
/// <param name="Problem">Why it did not take the message, in one line; null where it did.</param>
internal readonly record struct WebhookAnswer(bool IsReached, string? Problem);
