using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Fota.EndToEnd.Tests.Roles;

/// <summary>Any web server: it serves a folder over loopback as it lies there, but for what an attacker replaced.</summary>
internal sealed class FolderServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private FolderServer(WebApplication application) => _application = application;

    /// <summary>What is served in place of what lies in the folder, by path; null for "not there".</summary>
    public Dictionary<string, byte[]?> Replaced { get; } = new(StringComparer.Ordinal);

    public string Address => _application.Urls.Single();

    public static async Task<FolderServer> StartAsync(string folder)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static options => options.Listen(IPAddress.Loopback, 0));
        FolderServer server = new(builder.Build());
        server._application.MapGet("/{**path}", (string path) => server.Find(folder, path) is { } file ? Results.Bytes(file) : Results.NotFound());
        await server._application.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private byte[]? Find(string folder, string path)
    {
        if (Replaced.TryGetValue(path, out byte[]? replaced))
        {
            return replaced;
        }

        string file = Path.Combine(folder, path);
        return File.Exists(file) ? File.ReadAllBytes(file) : null;
    }
}
