using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest.Keys;
using Fota.Manifest.Reports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace Fota.Samples.Demo;

/// <summary>
/// An update server in the attacker's hands: it has the real one's name, a certificate that devices accept, and everything that was ever
/// published. It assigns what it likes and serves what it likes. It cannot forge what devices report: those are signed.
/// </summary>
public sealed class AttackerServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly Func<string, byte[]?> _serve;
    private readonly Assignment _assignment;
    private readonly VerificationKey _victimKey;
    private readonly string _victim;

    private AttackerServer(WebApplication application, Func<string, byte[]?> serve, Assignment assignment, string victim, VerificationKey victimKey)
    {
        _application = application;
        _serve = serve;
        _assignment = assignment;
        _victim = victim;
        _victimKey = victimKey;
    }

    /// <summary>Verified reports of the victim about the attacker's deployment.</summary>
    public ConcurrentQueue<DeviceReport> Reports { get; } = new();

    /// <summary>Listens on the real server's port.</summary>
    /// <param name="port">The port.</param>
    /// <param name="certificate">The server certificate with its key.</param>
    /// <param name="serve">Answers paths below /repo/; null is "not found".</param>
    /// <param name="target">What the victim is told to install.</param>
    /// <param name="victim">The device.</param>
    /// <param name="victimCertificate">Its certificate, to check that the refusals are really its own.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<AttackerServer> StartAsync(int port, X509Certificate2 certificate, Func<string, byte[]?> serve, string target, string victim, X509Certificate2 victimCertificate, CancellationToken cancellation)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen => listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificate = certificate,
            ClientCertificateMode = ClientCertificateMode.AllowCertificate,
            ClientCertificateValidation = static (_, _, _) => true,
        })));
        WebApplication application = builder.Build();
        AttackerServer server = new(application, serve, new Assignment($"attack-{victim}", target), victim, VerificationKey.FromSubjectPublicKeyInfo(victimCertificate.PublicKey.ExportSubjectPublicKeyInfo()));
        application.MapGet("/repo/{**path}", (Delegate)server.Serve);
        application.MapPost("/api/v1/check-in", (Delegate)server.CheckInAsync);
        await application.StartAsync(cancellation);
        return server;
    }

    /// <summary>A certificate for the attacker, from the real CA: it has taken the server over, name and all.</summary>
    public static async Task<X509Certificate2> TakeServerIdentityAsync(SignerSite signer, Site site, CancellationToken cancellation)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        await File.WriteAllTextAsync(site.Path("attacker.csr"), request.CreateSigningRequestPem() + "\n", cancellation);
        await signer.IssueAsync("service", site.Path("attacker.csr"), site.Path("attacker.pem"), cancellation);
        return X509CertificateLoader.LoadCertificateFromFile(site.Path("attacker.pem")).CopyWithPrivateKey(key);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
    }

    private IResult Serve(string path) => _serve(path) is { } bytes
        ? Results.Bytes(bytes, "application/octet-stream", enableRangeProcessing: true)
        : Results.NotFound();

    private async Task<IResult> CheckInAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        if (VerifiedReport.Verify(body.ToArray(), _victimKey, _victim).IsAccepted(out VerifiedReport? report, out _) && report.Content.Deployment == _assignment.Deployment)
        {
            Reports.Enqueue(report.Content);
        }

        bool over = Reports.Any(static r => r.State is ReportState.Failed or ReportState.RolledBack or ReportState.Confirmed);
        return Results.Bytes(new CheckInAnswer(over ? null : _assignment, TimeSpan.FromSeconds(1)).Encode(), "application/json");
    }
}
