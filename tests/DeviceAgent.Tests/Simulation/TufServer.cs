using System.Net;
using Fota.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Fota.DeviceAgent.Tests.Simulation;

/// <summary>The files of a repository over HTTP on the loopback address, and every request as it stood on the line.</summary>
internal sealed class TufServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly TufRepository _repository;

    private TufServer(TufRepository repository)
    {
        _repository = repository;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _application = builder.Build();
        _application.Run(ServeAsync);
    }

    /// <summary>What was asked for, for example "metadata/2.root.json".</summary>
    public IList<string> Requests { get; } = [];

    /// <summary>Answers without a body, by path.</summary>
    public IDictionary<string, HttpStatusCode> Statuses { get; } = new Dictionary<string, HttpStatusCode>(StringComparer.Ordinal);

    /// <summary>The path whose file goes on for ever.</summary>
    public string? Endless { get; set; }

    public string Address => _application.Urls.Single() + "/";

    public static async Task<TufServer> StartAsync(TufRepository repository)
    {
        TufServer server = new(repository);
        await server._application.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync() => await _application.DisposeAsync();

    private async Task ServeAsync(HttpContext context)
    {
        string path = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.TrimStart('/');
        Requests.Add(path);
        HttpResponse response = context.Response;
        if (Statuses.TryGetValue(path, out HttpStatusCode status))
        {
            response.StatusCode = (int)status;
        }
        else if (path == Endless)
        {
            // The client breaks off, or this test never ends.
            byte[] block = new byte[64 * 1024];
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await response.Body.WriteAsync(block, context.RequestAborted);
            }
        }
        else if (_repository.Files.TryGetValue(path, out byte[]? file))
        {
            await response.Body.WriteAsync(file, context.RequestAborted);
        }
        else
        {
            response.StatusCode = (int)HttpStatusCode.NotFound;
        }
    }
}
