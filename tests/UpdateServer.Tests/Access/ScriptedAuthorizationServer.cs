using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fota.UpdateServer.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Fota.UpdateServer.Tests.Access;

/// <summary>An authorisation server that says of each token what a test wants, right or wrong, and counts how often it is asked.</summary>
internal sealed class ScriptedAuthorizationServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private ScriptedAuthorizationServer(WebApplication application) => _application = application;

    /// <summary>What it says of a token, JSON; of others that they are not active.</summary>
    public Dictionary<string, string> Tokens { get; } = new(StringComparer.Ordinal);

    /// <summary>The status of its answers.</summary>
    public int Status { get; set; } = 200;

    /// <summary>The tokens that it was asked for, in order.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>As whom it was asked last.</summary>
    public string? AskedBy { get; private set; }

    public Uri Address => new(_application.Urls.Single());

    public static async Task<ScriptedAuthorizationServer> StartAsync()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 bare = ServerUnderTest.ServiceCa.Issue("CN=127.0.0.1", key, TestCa.ServerAuthentication);
        X509Certificate2 certificate = X509CertificateLoader.LoadPkcs12(bare.Export(X509ContentType.Pkcs12), null);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificate = certificate })));
        ScriptedAuthorizationServer server = new(builder.Build());
        server._application.Run(server.AnswerAsync);
        await server._application.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        IFormCollection form = await context.Request.ReadFormAsync();
        string token = form["token"].ToString();
        Asked.Add(token);
        AskedBy = Encoding.UTF8.GetString(Convert.FromBase64String(context.Request.Headers.Authorization.ToString()["Basic ".Length..]));
        context.Response.StatusCode = Status;
        await context.Response.WriteAsync(Tokens.GetValueOrDefault(token, """{"active":false}"""));
    }
}
