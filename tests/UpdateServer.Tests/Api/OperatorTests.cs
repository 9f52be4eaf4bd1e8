using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Api;

public sealed class OperatorTests
{
    private const UnixFileMode OwnerReadWrite = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private ServerUnderTest _server = null!;

    [OneTimeSetUp]
    public async Task Start() => _server = await ServerUnderTest.StartAsync();

    [OneTimeTearDown]
    public async Task Stop() => await _server.DisposeAsync();

    [Test]
    public async Task A45_Operator_without_token_is_refused([Values("GET releases", "GET devices", "GET rollouts", "GET rollouts/r1", "POST rollouts", "POST rollouts/r1/start", "POST publications")] string what, [Values] bool wrongToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Parse(what.Split(' ')[0]), $"/api/v1/{what.Split(' ')[1]}");
        request.Headers.Authorization = wrongToken ? new AuthenticationHeaderValue("Bearer", _server.Token[..^1] + (_server.Token[^1] == 'A' ? 'B' : 'A')) : null;
        using HttpResponseMessage response = await _server.Anonymous.SendAsync(request);
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Unauthorized, "Unauthorized");
        Assert.That(response.Headers.WwwAuthenticate.Single().Scheme, Is.EqualTo("Bearer"));
    }

    [Test]
    public async Task A45_A_device_is_no_operator()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        using HttpResponseMessage response = await _server.Client(pump.Certificate).GetAsync("/api/v1/devices");
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Unauthorized, "Unauthorized");
    }

    [Test]
    public void Bootstrap_token_is_a_private_file_of_32_random_bytes()
    {
        Assert.That(File.GetUnixFileMode(_server.PathOf("data/bootstrap-token")), Is.EqualTo(OwnerReadWrite));
        Assert.That(System.Buffers.Text.Base64Url.DecodeFromChars(_server.Token), Has.Length.EqualTo(32));
        Assert.That(File.GetUnixFileMode(_server.PathOf("data")), Is.EqualTo(OwnerReadWrite | UnixFileMode.UserExecute));
    }

    [Test]
    public async Task Bootstrap_token_is_stored_as_a_digest_alone_and_never_logged()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync();
        string token = server.Token;
        using (HttpResponseMessage response = await server.Operator.GetAsync("/api/v1/devices"))
        {
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }

        await server.StopAsync();
        string database = string.Concat(Directory.EnumerateFiles(server.PathOf("data"), "server.db*").Select(static f => Encoding.Latin1.GetString(File.ReadAllBytes(f))));
        Assert.That(database, Does.Not.Contain(token));
        Assert.That(database, Does.Contain(Encoding.Latin1.GetString(SHA256.HashData(Encoding.UTF8.GetBytes(token)))));
        Assert.That(server.LogText.ToString(), Does.Not.Contain(token));
    }

    [Test]
    public async Task Bootstrap_token_survives_a_restart_without_its_file()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync();
        string token = server.Token;
        await server.RestartAsync();
        Assert.That(server.Token, Is.EqualTo(token));
    }

    [Test]
    public async Task An_unknown_path_and_a_wrong_method_are_problems()
    {
        using HttpResponseMessage path = await _server.Operator.GetAsync("/api/v1/firmware");
        await ServerUnderTest.IsRefusedAsync(path, HttpStatusCode.NotFound, "NotFound");
        using HttpResponseMessage method = await _server.Operator.DeleteAsync("/api/v1/devices");
        await ServerUnderTest.IsRefusedAsync(method, HttpStatusCode.MethodNotAllowed, "MethodNotAllowed");
    }

    [Test]
    public async Task A53_A_large_operator_request_is_refused()
    {
        using StringContent content = new(new string(' ', ServerLimits.DefaultBodyBytes + 1), Encoding.UTF8, "application/json");
        using HttpClient client = _server.Client(null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _server.Token);
        using HttpRequestMessage request = new(HttpMethod.Post, "/api/v1/rollouts") { Content = content };

        // It asks first: a server that has said no hangs up, also on a client that is still writing.
        request.Headers.ExpectContinue = true;
        using HttpResponseMessage response = await client.SendAsync(request);
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.RequestEntityTooLarge, "LimitExceeded");
    }

    [Test]
    public async Task Older_TLS_is_refused()
    {
        using TcpClient tcp = new();
        await tcp.ConnectAsync(IPAddress.Loopback, _server.Address.Port);
        await using SslStream tls = new(tcp.GetStream());
        Assert.That(
            async () => await tls.AuthenticateAsClientAsync("127.0.0.1", null, SslProtocols.Tls12, checkCertificateRevocation: false),
            Throws.InstanceOf<AuthenticationException>().With.Matches<Exception>(static e => e!.ToString().Contains("alert protocol version", StringComparison.Ordinal)));
    }
}
