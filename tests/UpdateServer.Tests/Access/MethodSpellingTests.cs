using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using Fota.TestKit;
using Fota.UpdateServer.Api.Access;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Fota.UpdateServer.Tests.Access;

/// <summary>Methods that are not spelled as HTTP spells them: routing takes them for the same, and the table must not be walked around by them.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed partial class MethodSpellingTests : IAsyncDisposable
{
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task Start() => _server = await ServerUnderTest.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    [Proves("U-1", "U-3")]
    public async Task A45_A_method_in_small_letters_does_not_make_a_viewer_an_administrator()
    {
        using HttpClient anna = await _server.JoinAsync("anna", new { role = "viewer" });
        string token = anna.DefaultRequestHeaders.Authorization!.Parameter!;
        string answer = await SayAsync("put", "/api/v1/operators/anna", token, null, """{"grants":[{"role":"administrator"},{"role":"publisher"}]}""");
        string grants = (await _server.GetAsync("/api/v1/operators")).EnumerateArray().First(static p => p.GetProperty("name").GetString() == "anna").GetProperty("grants").ToString();
        Assert.That(grants, Does.Not.Contain("administrator"), answer);
        Assert.That(answer, Does.Not.StartWith("HTTP/1.1 200"));
    }

    [Test]
    [Proves("U-1", "U-2")]
    public async Task A44_A_method_in_small_letters_does_not_show_a_device_who_the_people_are()
    {
        string answer = await SayAsync("get", "/api/v1/operators", null, new SimulatedDevice(_server, "pump-0001").Certificate, null);
        Assert.That(answer, Does.Not.Contain("bootstrap"));
        Assert.That(answer, Does.Not.StartWith("HTTP/1.1 200"));
    }

    [Test]
    [Proves("U-1", "U-2")]
    public async Task A53_A_method_in_small_letters_brings_nobody_to_an_endpoint_of_devices()
    {
        string answer = await SayAsync("post", "/.well-known/est/simplereenroll", null, null, "x");
        Assert.That(answer, Does.Not.StartWith("HTTP/1.1 500").And.Not.StartWith("HTTP/1.1 415").And.Not.StartWith("HTTP/1.1 2"));
    }

    [Test]
    [Proves("U-1", "U-2")]
    public async Task A45_No_endpoint_is_come_by_with_a_method_in_another_spelling()
    {
        using HttpClient anna = await _server.JoinAsync("anna", new { role = "viewer" });
        string token = anna.DefaultRequestHeaders.Authorization!.Parameter!;
        X509Certificate2 device = new SimulatedDevice(_server, "pump-0001").Certificate;
        foreach (AccessRow row in AccessTable.Rows)
        {
            string path = Parameter().Replace(row.Pattern, "x");
            bool isApi = path.StartsWith("/api/", StringComparison.Ordinal);
            foreach (string method in (string[])[row.Method.ToLowerInvariant(), row.Method[..1].ToLowerInvariant() + row.Method[1..]])
            {
                Assert.That(await SayAsync(method, path, null, null, null), Does.StartWith(isApi ? "HTTP/1.1 401" : "HTTP/1.1 405"), $"{method} {path} by nobody");
                Assert.That(await SayAsync(method, path, token, null, null), Does.StartWith("HTTP/1.1 405").And.Contain("MethodNotAllowed"), $"{method} {path} by a viewer");
                Assert.That(await SayAsync(method, path, null, device, null), Does.StartWith("HTTP/1.1 405").And.Contain("MethodNotAllowed"), $"{method} {path} by a device");
            }
        }
    }

    [Test]
    [Proves("U-1")]
    public void An_endpoint_that_was_matched_and_has_no_row_lets_nobody_in()
    {
        using RateLimits limits = new(new RateSettings());
        DefaultHttpContext context = new();
        context.Request.Method = "GET";
        context.SetEndpoint(new RouteEndpoint(static _ => Task.CompletedTask, RoutePatternFactory.Parse("/secrets"), 0, EndpointMetadataCollection.Empty, null));
        AccessGate gate = new(static _ => throw new AssertionException("somebody was let in"), limits);
        Assert.That(async () => await gate.InvokeAsync(context), Throws.InvalidOperationException.With.Message.Contains("/secrets was matched"));
    }

    [Test]
    [Proves("U-50")]
    public async Task Requests_for_what_there_is_not_count_too()
    {
        await _server.RestartAsync(change: static s => s with { Rates = new RateSettings { PersonPerMinute = 2 } });
        foreach (HttpStatusCode wanted in (HttpStatusCode[])[HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed, HttpStatusCode.TooManyRequests])
        {
            using HttpRequestMessage request = new(wanted == HttpStatusCode.NotFound ? HttpMethod.Get : HttpMethod.Delete, wanted == HttpStatusCode.NotFound ? "/api/v1/nothing" : "/api/v1/whoami");
            using HttpResponseMessage response = await _server.Operator.SendAsync(request);
            Assert.That(response.StatusCode, Is.EqualTo(wanted));
        }
    }

    [GeneratedRegex(@"\{[^}]*\}", RegexOptions.NonBacktracking)]
    private static partial Regex Parameter();

    /// <summary>Says what HttpClient does not: it writes methods that it knows in capital letters.</summary>
    private async Task<string> SayAsync(string method, string path, string? token, X509Certificate2? certificate, string? body)
    {
        using TcpClient tcp = new();
        await tcp.ConnectAsync(IPAddress.Loopback, _server.Address.Port);
        await using SslStream tls = new(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            ClientCertificates = certificate is null ? null : [certificate],
            CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { ServerUnderTest.ServiceCa.Certificate } },
        });
        StringBuilder request = new($"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n");
        request.Append(token is null ? "" : $"Authorization: Bearer {token}\r\n");
        request.Append(body is null ? "\r\n" : $"Content-Type: application/json\r\nContent-Length: {Encoding.ASCII.GetByteCount(body)}\r\n\r\n{body}");
        await tls.WriteAsync(Encoding.ASCII.GetBytes(request.ToString()));
        using MemoryStream answer = new();
        await tls.CopyToAsync(answer);
        return Encoding.UTF8.GetString(answer.ToArray());
    }
}
