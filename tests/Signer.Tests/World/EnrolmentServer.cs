using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Fota.Signer.Tests;

/// <summary>An update server in anybody's hands: it shows the authority whatever requests a test wants, and keeps the answers.</summary>
internal sealed class EnrolmentServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private EnrolmentServer(WebApplication application) => _application = application;

    /// <summary>The requests that wait, DER.</summary>
    public List<byte[]> Waiting { get; } = [];

    /// <summary>In place of the list; null for the list.</summary>
    public string? Shown { get; set; }

    /// <summary>Certificates that were sent, by the digest of their request.</summary>
    public Dictionary<string, X509Certificate2> Certificates { get; } = new(StringComparer.Ordinal);

    /// <summary>Refusals that were sent, by the digest of their request.</summary>
    public Dictionary<string, string> Refusals { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether it goes away when it should take an answer.</summary>
    public bool LosesAnswers { get; set; }

    /// <summary>What came last.</summary>
    public X509Certificate2 Newest => Certificates.Values.Last();

    public Uri Address => new(_application.Urls.Single());

    public static async Task<EnrolmentServer> StartAsync(SignerWorld world)
    {
        EnrolmentServer server = new(await ServiceHost.BuildAsync(world));
        server._application.MapGet("/api/v1/enrolments", server.Show);
        server._application.MapPost("/api/v1/enrolments/{request}/certificate", server.TakeCertificateAsync);
        server._application.MapPost("/api/v1/enrolments/{request}/refusal", (string request, Refusal refusal) => Take(() => server.Refusals[request] = refusal.Detail));
        await server._application.StartAsync();
        return server;
    }

    /// <summary>As after the start.</summary>
    public void Forget()
    {
        Waiting.Clear();
        Certificates.Clear();
        Refusals.Clear();
        Shown = null;
        LosesAnswers = false;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private static IResult Take(Action take)
    {
        take();
        return Results.NoContent();
    }

    private IResult Show(HttpContext context)
    {
        Assert.That(context.Request.Headers.Authorization.ToString(), Is.EqualTo("Bearer " + PublicationServer.Token));
        return Shown is null ? Results.Json(Waiting.Select(static r => new { device = "whatever the server says", request = Convert.ToBase64String(r) })) : Results.Text(Shown, "application/json");
    }

    private async Task TakeCertificateAsync(string request, HttpContext context)
    {
        if (LosesAnswers)
        {
            context.Abort();
            return;
        }

        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        Certificates[request] = X509CertificateLoader.LoadCertificate(body.ToArray());
        Waiting.RemoveAll(waiting => Convert.ToHexStringLower(SHA256.HashData(waiting)) == request);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private sealed record Refusal(string Detail);
}
