using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace Fota.UpdateServer.Tests.Outside;

/// <summary>An OpenTelemetry collector on loopback that keeps what it was sent, by OTLP over HTTP.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private const int MostNews = 25;

    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<Received> _received = new();
    private readonly SemaphoreSlim _news = new(0);
    private readonly Task _serving;

    public Collector(int port)
    {
        Address = new Uri($"http://127.0.0.1:{port}/");
        _listener.Prefixes.Add(Address.ToString());
        _listener.Start();
        _serving = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>Waits until a signal (metrics, traces, logs) was sent that holds a text; gives the request's headers.</summary>
    public async Task<WebHeaderCollection> HasAsync(string signal, string text)
    {
        for (int news = 0; ; news++)
        {
            if (_received.FirstOrDefault(r => r.Path == $"/v1/{signal}" && r.Body.Contains(text, StringComparison.Ordinal)) is { } found)
            {
                return found.Headers;
            }

            Assert.That(news < MostNews && await _news.WaitAsync(TimeSpan.FromMinutes(1)), $"no {signal} with {text}; got {string.Join(", ", _received.Select(static r => r.Path).Distinct(StringComparer.Ordinal))}");
        }
    }

    /// <summary>The signals that hold a text, each once.</summary>
    public IEnumerable<string> With(string text) => _received.Where(r => r.Body.Contains(text, StringComparison.Ordinal)).Select(static r => r.Path).Distinct(StringComparer.Ordinal);

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _serving;
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return; // it was closed
            }

            using MemoryStream body = new();
            await context.Request.InputStream.CopyToAsync(body);

            // Protobuf has its texts in UTF-8 as they are.
            _received.Enqueue(new Received(context.Request.Url!.AbsolutePath, (WebHeaderCollection)context.Request.Headers, Encoding.UTF8.GetString(body.ToArray())));
            context.Response.ContentType = "application/x-protobuf";
            context.Response.Close();
            _news.Release();
        }
    }

    private sealed record Received(string Path, WebHeaderCollection Headers, string Body);
}
