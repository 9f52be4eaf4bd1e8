using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>A program on loopback that is told of what happens, and answers what a test wants.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly Channel<(IHeaderDictionary Headers, byte[] Body)> _told = Channel.CreateUnbounded<(IHeaderDictionary, byte[])>();

    private WebhookReceiver(WebApplication application) => _application = application;

    public Func<HttpContext, Task> Answer { get; set; } = static _ => Task.CompletedTask;

    public Uri Address => new(new Uri(_application.Urls.Single()), "/fota?token=x");

    /// <param name="certificate">Its own, for https; null for http.</param>
    public static async Task<WebhookReceiver> StartAsync(X509Certificate2? certificate = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        if (certificate is null)
        {
            builder.WebHost.UseUrls("http://127.0.0.1:0");
        }
        else
        {
            builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseHttps(certificate)));
        }

        WebhookReceiver receiver = new(builder.Build());
        receiver._application.Run(receiver.TakeAsync);
        await receiver._application.StartAsync();
        return receiver;
    }

    /// <summary>The next message, once it is here.</summary>
    public async Task<(IHeaderDictionary Headers, byte[] Body)> NextAsync()
    {
        using CancellationTokenSource patience = new(TimeSpan.FromMinutes(1));
        return await _told.Reader.ReadAsync(patience.Token);
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        _told.Writer.TryWrite((new HeaderDictionary(context.Request.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase)), body.ToArray()));
        await Answer(context);
    }
}
