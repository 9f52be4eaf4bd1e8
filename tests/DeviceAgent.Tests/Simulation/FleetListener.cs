using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace Fota.DeviceAgent.Tests.Simulation;

/// <summary>The simulated server behind mutual TLS 1.3 on the loopback address.</summary>
internal sealed class FleetListener : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly HttpMessageInvoker _server;
    private readonly X509Certificate2 _certificate;
    private int _connections;

    private FleetListener(FleetServer server, X509Certificate2 certificate, ClientCertificateMode clients)
    {
        _server = new HttpMessageInvoker(server, disposeHandler: false);
        _certificate = certificate;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint =>
        {
            endpoint.Use(next => connection =>
            {
                Interlocked.Increment(ref _connections);
                return next(connection);
            });
            endpoint.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = certificate,
                SslProtocols = SslProtocols.Tls13,
                ClientCertificateMode = clients,
                ClientCertificateValidation = (shown, _, _) =>
                {
                    Subjects.Add(shown.Subject);
                    return true;
                },
            });
        }));
        _application = builder.Build();
        _application.Run(ForwardAsync);
    }

    /// <summary>How many connections were made.</summary>
    public int Connections => _connections;

    /// <summary>The subjects of the certificates that clients showed.</summary>
    public IList<string> Subjects { get; } = [];

    public Uri Address => new(_application.Urls.Single() + "/");

    /// <summary>Starts; clients have to show a certificate unless <paramref name="clients"/> says otherwise.</summary>
    public static async Task<FleetListener> StartAsync(FleetServer server, TestAuthority authority, ClientCertificateMode clients = ClientCertificateMode.RequireCertificate)
    {
        FleetListener listener = new(server, authority.IssueServer(), clients);
        await listener._application.StartAsync();
        return listener;
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _server.Dispose();
        _certificate.Dispose();
    }

    private async Task ForwardAsync(HttpContext context)
    {
        using HttpRequestMessage request = new(new HttpMethod(context.Request.Method), new Uri("https://fleet.example" + context.Request.Path));
        request.Content = new StreamContent(context.Request.Body);
        foreach (string header in (string[])["Range", "If-None-Match"])
        {
            if (context.Request.Headers[header] is [{ } value])
            {
                request.Headers.TryAddWithoutValidation(header, value);
            }
        }

        using HttpResponseMessage response = await _server.SendAsync(request, context.RequestAborted);
        context.Response.StatusCode = (int)response.StatusCode;
        context.Response.Headers.ETag = response.Headers.ETag?.ToString();
        context.Response.Headers.ContentRange = response.Content.Headers.ContentRange?.ToString();
        context.Response.ContentLength = response.StatusCode == HttpStatusCode.NotModified ? null : response.Content.Headers.ContentLength;
        await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
