using System.Formats.Tar;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Fota.Signer.Tests;

/// <summary>An update server that believes everything: it keeps what was sent, answers what a test says, and serves the timestamp that it took last.</summary>
internal sealed class PublicationServer : IAsyncDisposable
{
    public const string Token = "operator token";

    private readonly WebApplication _application;

    private PublicationServer(WebApplication application) => _application = application;

    /// <summary>What was sent, by path; the newest last.</summary>
    public List<Dictionary<string, byte[]>> Publications { get; } = [];

    public Func<HttpContext, Task> Answer { get; set; } = static context => context.Response.WriteAsJsonAsync(new { published = true });

    /// <summary>What it serves at /repo; a test that empties it takes its data away.</summary>
    public Dictionary<string, byte[]> Served { get; } = new(StringComparer.Ordinal);

    public Uri Address => new(_application.Urls.Single());

    /// <summary>Serves with a certificate that the world's service CA issued.</summary>
    public static async Task<PublicationServer> StartAsync(SignerWorld world)
    {
        WebApplication application = await ServiceHost.BuildAsync(world);
        PublicationServer server = new(application);
        application.MapPost("/api/v1/publications", server.TakeAsync);
        application.MapGet("/repo/{**path}", (string path) => server.Served.TryGetValue(path, out byte[]? file) ? Results.Bytes(file) : Results.NotFound());
        await application.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync() => await _application.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        Assert.That(context.Request.Headers.Authorization.ToString(), Is.EqualTo("Bearer " + Token));
        Assert.That(context.Request.ContentType, Is.EqualTo("application/x-tar"));
        Dictionary<string, byte[]> files = new(StringComparer.Ordinal);
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        body.Position = 0;
        await using (TarReader tar = new(body))
        {
            while (await tar.GetNextEntryAsync(copyData: true) is { } entry)
            {
                using MemoryStream content = new();
                await entry.DataStream!.CopyToAsync(content);
                files.Add(entry.Name, content.ToArray());
            }
        }

        Publications.Add(files);
        await Answer(context);
        if (context.Response.StatusCode == StatusCodes.Status200OK)
        {
            foreach ((string path, byte[] file) in files)
            {
                Served[path] = file;
            }
        }
    }
}
