using System.Text;
using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Fota.Signer.Tests;

/// <summary>An update server's log in anybody's hands: it shows the head of whatever tree a test wants, and keeps the checkpoints that are sent.</summary>
internal sealed class LoggingServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private LoggingServer(WebApplication application) => _application = application;

    /// <summary>The tree that it shows.</summary>
    public MemoryLog Log { get; set; } = new();

    /// <summary>In place of the head; null for the head.</summary>
    public string? Shown { get; set; }

    /// <summary>What was sent.</summary>
    public List<VerifiedCheckpoint> Checkpoints { get; } = [];

    /// <summary>Whether it goes away when it should take a checkpoint.</summary>
    public bool LosesCheckpoints { get; set; }

    public Uri Address => new(_application.Urls.Single());

    public static async Task<LoggingServer> StartAsync(SignerWorld world)
    {
        LoggingServer server = new(await ServiceHost.BuildAsync(world));
        server._application.MapGet("/api/v1/audit/tree-head", server.Show);
        server._application.MapPost("/api/v1/audit/checkpoints", server.Take);
        server._application.MapGet("/repo/{**path}", static () => Results.NotFound());
        server._application.MapPost("/api/v1/publications", static () => Results.Json(new { published = true }));
        await server._application.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private IResult Show(HttpContext context, long from)
    {
        Assert.That(context.Request.Headers.Authorization.ToString(), Is.EqualTo("Bearer " + PublicationServer.Token));
        if (Shown is not null || from > Log.Size)
        {
            return Shown is null ? Results.Conflict() : Results.Text(Shown, "application/json");
        }

        TiledTree tree = new(Log, Log.Size);
        IReadOnlyList<Sha256Digest> proof = from == 0 ? [] : tree.ConsistencyProof(from);
        return Results.Json(new { size = Log.Size, root = tree.Root().ToString(), proof = proof.Select(static h => h.ToString()) });
    }

    private IResult Take(HttpContext context, Sent sent)
    {
        if (LosesCheckpoints)
        {
            context.Abort();
            return Results.Empty;
        }

        Checkpoints.Add(VerifiedCheckpoint.Verify(Encoding.UTF8.GetBytes(sent.Checkpoint), NoteKey.Parse(sent.Vkey)).OrThrow());
        return Results.Json(new { });
    }

    private sealed record Sent(string Vkey, string Checkpoint);
}
