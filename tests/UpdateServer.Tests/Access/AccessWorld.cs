using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Access;

/// <summary>A server with a release, devices of infusion-pump at site basel, rollouts for them, everybody who could ask, and a request for each endpoint.</summary>
internal sealed class AccessWorld : IAsyncDisposable
{
    private const string Api = "/api/v1";

    private readonly ServerUnderTest _server;
    private readonly List<AccessCaller> _callers = [];
    private readonly Dictionary<string, AccessCase> _cases = new(StringComparer.Ordinal);
    private string? _rollout;
    private string? _broughtTo;
    private string? _leaving;
    private string? _token;
    private int _count;

    private AccessWorld(ServerUnderTest server) => _server = server;

    public IReadOnlyList<AccessCaller> Callers => _callers;

    public IReadOnlyDictionary<string, AccessCase> Cases => _cases;

    public ServerUnderTest Server => _server;

    public static async Task<AccessWorld> StartAsync(DatabaseSettings? database = null)
    {
        AccessWorld world = new(await ServerUnderTest.StartAsync());
        await File.WriteAllTextAsync(world._server.PathOf("secret"), "a secret");
        await File.WriteAllTextAsync(world._server.PathOf("login-ca.pem"), ServerUnderTest.ServiceCa.Certificate.ExportCertificatePem());
        File.SetUnixFileMode(world._server.PathOf("secret"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await world._server.RestartAsync(change: s => s with { Database = database, OAuth = OAuthTests.Settings(new Uri("https://127.0.0.1:1"), world._server) });
        world._server.Source.Add(SampleRelease.Create());
        using HttpResponseMessage published = await world._server.PublishAsync();
        await ServerUnderTest.ReadAsync(published, HttpStatusCode.OK);
        await world.MakeCallersAsync();
        await world.MakeCasesAsync();
        return world;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static HttpRequestMessage Request(string method, string path, object? body = null) =>
        new(HttpMethod.Parse(method), path) { Content = body is null ? null : JsonContent.Create(body) };

    private static HttpRequestMessage Request(string path, byte[] body, string type)
    {
        HttpRequestMessage request = new(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return request;
    }

    private static object GrantOf(Role role, Extent extent) => extent switch
    {
        Extent.Whole => new { role = RoleNames.NameOf(role) },
        Extent.OwnProduct => new { role = RoleNames.NameOf(role), products = new[] { "infusion-pump" } },
        Extent.OwnSite => new { role = RoleNames.NameOf(role), products = new[] { "infusion-pump" }, sites = new[] { "basel" } },
        Extent.OtherProduct => new { role = RoleNames.NameOf(role), products = new[] { "ventilator" } },
        _ => new { role = RoleNames.NameOf(role), products = new[] { "infusion-pump" }, sites = new[] { "bern" } },
    };

    private async Task MakeCallersAsync()
    {
        foreach (Role role in RoleNames.Each)
        {
            foreach (Extent extent in (Extent[])[Extent.Whole, Extent.OwnProduct, Extent.OwnSite, Extent.OtherProduct, Extent.OtherSite])
            {
                string name = $"{RoleNames.NameOf(role)}-{extent.ToString().ToLowerInvariant()}";
                _callers.Add(new AccessCaller(name, await _server.JoinAsync(name, GrantOf(role, extent)), role, extent));
            }
        }

        _callers.Add(new AccessCaller("nobody-yet", await _server.JoinAsync("nobody-yet"), Role.None, Extent.None));
        _callers.Add(new AccessCaller("no credential", _server.Client(null), null, Extent.None));
        _callers.Add(new AccessCaller("a token that was never made", _server.Bearer("fota_" + new string('A', 43)), null, Extent.None));
        await _server.SetPersonAsync("gone", new { role = "administrator" });
        JsonElement revoked = await _server.CreateTokenAsync("gone");
        using HttpResponseMessage taken = await _server.Operator.DeleteAsync($"{Api}/operators/gone/tokens/{revoked.GetProperty("id").GetString()}");
        Assert.That(taken.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        _callers.Add(new AccessCaller("a token that was taken back", _server.Bearer(revoked.GetProperty("token").GetString()!), null, Extent.None));
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        AddCertificate("a device of another CA", new TestCa("Other CA").IssueDevice("pump-0001", key));
        AddCertificate("a device whose certificate has ended", ServerUnderTest.DeviceCa.Issue("CN=pump-0001, OU=infusion-pump", key, TestCa.ClientAuthentication, _server.Clock.Now.AddDays(-1)), isExpired: true);
    }

    private void AddCertificate(string name, X509Certificate2 certificate, bool isExpired = false) => _callers.Add(new AccessCaller(name, _server.Client(certificate), null, Extent.None) { IsExpiredDevice = isExpired });

    private async Task MakeCasesAsync()
    {
        foreach (string device in (string[])["pump-0001", "pump-0002", "pump-0003"])
        {
            SimulatedDevice pump = new(_server, device);
            await pump.CheckInAsync();
            await DescribeAsync(device);
        }

        ECDsa? key = null;
        SimulatedDevice asking = new(_server, "pump-0004", made => ServerUnderTest.DeviceCa.IssueDevice("pump-0004", key = made));
        await DescribeAsync("pump-0004");
        _callers.Add(new AccessCaller("a device", _server.Client(asking.Certificate), null, Extent.None) { IsDevice = true });
        Add("POST", $"{Api}/check-in", () => Request($"{Api}/check-in", asking.Sign(asking.Report()), "application/cose"));
        byte[] renewal = Encoding.ASCII.GetBytes(Convert.ToBase64String(RenewingDevice.Make(asking.Certificate.SubjectName, key!)));
        Add("POST", "/.well-known/est/simplereenroll", () => Request("/.well-known/est/simplereenroll", renewal, "application/pkcs10"), HttpStatusCode.Accepted);

        Add("GET", "/health", () => Request("GET", "/health"));
        Add("GET", "/health/ready", () => Request("GET", "/health/ready"));
        Add("GET", $"{Api}/openapi.json", () => Request("GET", $"{Api}/openapi.json"));
        Add("GET", "/repo/{**path}", () => Request("GET", "/repo/metadata/timestamp.json"));
        Add("HEAD", "/repo/{**path}", () => Request("HEAD", "/repo/metadata/timestamp.json"));
        Add("GET", "/.well-known/est/cacerts", () => Request("GET", "/.well-known/est/cacerts"));
        Add("GET", "/.well-known/oauth-protected-resource", () => Request("GET", "/.well-known/oauth-protected-resource"));
        Add("GET", $"{Api}/whoami", () => Request("GET", $"{Api}/whoami"));
        Add("GET", $"{Api}/releases", () => Request("GET", $"{Api}/releases"), mark: "infusion-pump/1.1.0/manifest.suit");
        Add("GET", $"{Api}/packs", () => Request("GET", $"{Api}/packs"));
        byte[] bundle = PublicationSource.Tar(_server.Source.Bundle());
        Add("POST", $"{Api}/publications", () => Request($"{Api}/publications", bundle, "application/x-tar"));
        await AddEnrolmentsAsync();
        AddDevices();
        AddRollouts();
        using HttpRequestMessage first = await _cases[$"POST {Api}/rollouts"].RequestAsync();
        using HttpResponseMessage made = await _server.Operator.SendAsync(first);
        await ServerUnderTest.ReadAsync(made, HttpStatusCode.Created);
        AddPeople();
    }

    private async Task DescribeAsync(string device)
    {
        using HttpResponseMessage described = await _server.Operator.PutAsJsonAsync($"{Api}/devices/{device}/traits", new { site = "basel" });
        await ServerUnderTest.ReadAsync(described, HttpStatusCode.OK);
    }

    private void Add(string method, string pattern, Func<HttpRequestMessage> request, HttpStatusCode success = HttpStatusCode.OK, string? mark = null) =>
        _cases.Add($"{method} {pattern}", new AccessCase(() => Task.FromResult(request()), success) { Mark = mark });

    private async Task AddEnrolmentsAsync()
    {
        RenewingDevice issued = new(_server, end: _server.Clock.Now.AddDays(30), name: "pump-0101"), refused = new(_server, end: _server.Clock.Now.AddDays(30), name: "pump-0102"), waiting = new(_server, end: _server.Clock.Now.AddDays(30), name: "pump-0103");
        foreach (RenewingDevice pump in (RenewingDevice[])[issued, refused, waiting])
        {
            await pump.WaitsAsync();
        }

        foreach (string device in (string[])["pump-0101", "pump-0102", "pump-0103"])
        {
            await DescribeAsync(device);
        }

        byte[] certificate = issued.Renewed().RawData;
        Add("GET", $"{Api}/enrolments", () => Request("GET", $"{Api}/enrolments"), mark: "pump-0103");
        Add("POST", $"{Api}/enrolments/{{request}}/certificate", () => Request($"{Api}/enrolments/{issued.Digest}/certificate", certificate, "application/pkix-cert"), HttpStatusCode.NoContent);
        Add("POST", $"{Api}/enrolments/{{request}}/refusal", () => Request("POST", $"{Api}/enrolments/{refused.Digest}/refusal", new { detail = "no" }), HttpStatusCode.NoContent);
    }

    private void AddDevices()
    {
        Add("GET", $"{Api}/fleet/status", () => Request("GET", $"{Api}/fleet/status"), mark: "infusion-pump");
        Add("GET", $"{Api}/devices", () => Request("GET", $"{Api}/devices"), mark: "pump-0001");
        Add("GET", $"{Api}/devices/{{device}}", () => Request("GET", $"{Api}/devices/pump-0001"), mark: "pump-0001");
        Add("PATCH", $"{Api}/devices/{{device}}/traits", () => Request("PATCH", $"{Api}/devices/pump-0001/traits", new { hardware = "rev-a" }));
        Add("PUT", $"{Api}/devices/{{device}}/traits", () => Request("PUT", $"{Api}/devices/pump-0001/traits", new { site = "basel" }));
        Add("PUT", $"{Api}/devices/{{device}}/product", () => Request("PUT", $"{Api}/devices/pump-0001/product", new { product = "infusion-pump" }));
        Add("POST", $"{Api}/devices/{{device}}/revocation", () => Request("POST", $"{Api}/devices/pump-0002/revocation", new { reason = "stolen" }));
        _cases.Add($"GET {Api}/device-revocations", new AccessCase(() => RevokedAsync("pump-0003", Request("GET", $"{Api}/device-revocations"))) { Mark = "pump-0003" });
        _cases.Add($"DELETE {Api}/devices/{{device}}/revocation", new AccessCase(() => RevokedAsync("pump-0003", Request("DELETE", $"{Api}/devices/pump-0003/revocation")), HttpStatusCode.NoContent));
    }

    private async Task<HttpRequestMessage> RevokedAsync(string device, HttpRequestMessage request)
    {
        await _server.PostAsync($"{Api}/devices/{device}/revocation", new { reason = "lost" });
        return request;
    }

    private void AddRollouts()
    {
        object plan = new { product = "infusion-pump", version = "1.1.0", filter = new { sites = new[] { "basel" } }, stages = new object[] { new { name = "all" } }, abort_after_failures = 1 };
        Add("GET", $"{Api}/rollouts", () => Request("GET", $"{Api}/rollouts"), mark: "\"id\":\"r1\"");
        Add("POST", $"{Api}/rollouts", () => Request("POST", $"{Api}/rollouts", plan), HttpStatusCode.Created);
        Add("POST", $"{Api}/rollout-simulations", () => Request("POST", $"{Api}/rollout-simulations", new { plan, devices = 5 }));
        AddRollout("GET", "", null, "");
        AddRollout("GET", "/plan", null, "");
        AddRollout("GET", "/decisions", null, "");
        AddRollout("PUT", "", _ => plan, "");
        AddRollout("POST", "/approve", static draft => new { manifest_digest = draft.GetProperty("manifest_digest").GetString(), plan_digest = draft.GetProperty("plan_digest").GetString() }, "");
        AddRollout("POST", "/start", null, "");
        AddRollout("POST", "/pause", null, "start");
        AddRollout("POST", "/resume", null, "start pause");
        AddRollout("POST", "/cancel", null, "start");
        AddRollout("POST", "/abort", null, "start");

        // One rollout, brought to where the request is granted. It is ended before the next one begins.
        void AddRollout(string method, string what, Func<JsonElement, object>? body, string before) => _cases.Add($"{method} {Api}/rollouts/{{id}}{what}", new AccessCase(
            async () =>
            {
                if (_rollout is null || _broughtTo != before)
                {
                    using HttpResponseMessage ended = await _server.Operator.PostAsync($"{Api}/rollouts/{_rollout ?? "r1"}/cancel", null);
                    JsonElement draft = await _server.PostAsync($"{Api}/rollouts", plan, HttpStatusCode.Created);
                    (_rollout, _broughtTo) = (draft.GetProperty("id").GetString(), before);
                    foreach (string command in before.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    {
                        await _server.PostAsync($"{Api}/rollouts/{_rollout}/{command}");
                    }
                }

                return Request(method, $"{Api}/rollouts/{_rollout}{what}", body?.Invoke(await _server.GetAsync($"{Api}/rollouts/{_rollout}")));
            })
        {
            After = granted => _broughtTo = granted && method == "POST" ? null : _broughtTo,
        });
    }

    private void AddPeople()
    {
        object request = new { grants = Array.Empty<object>() };
        Add("GET", $"{Api}/operators", () => Request("GET", $"{Api}/operators"));
        Add("PUT", $"{Api}/operators/{{name}}", () => Request("PUT", $"{Api}/operators/anna", request));
        Add("GET", $"{Api}/operators/{{name}}/tokens", () => Request("GET", $"{Api}/operators/bootstrap/tokens"));
        Add("POST", $"{Api}/operators/{{name}}/tokens", () => Request("POST", $"{Api}/operators/bootstrap/tokens", new { name = (++_count).ToString(CultureInfo.InvariantCulture) }), HttpStatusCode.Created);
        Add("GET", $"{Api}/access-decisions", () => Request("GET", $"{Api}/access-decisions"));
        AuditSigner signer = new();
        Add("GET", $"{Api}/alarms", () => Request("GET", $"{Api}/alarms"));
        Add("GET", $"{Api}/webhooks", () => Request("GET", $"{Api}/webhooks"));
        Add("GET", $"{Api}/audit/tree-head", () => Request("GET", $"{Api}/audit/tree-head?from=1"));
        _cases.Add($"GET {Api}/audit/log/{{**path}}", new AccessCase(async () =>
        {
            await signer.SignAsync(_server);
            return Request("GET", $"{Api}/audit/log/checkpoint");
        }));
        _cases.Add($"POST {Api}/audit/checkpoints", new AccessCase(async () => Request("POST", $"{Api}/audit/checkpoints", await signer.CheckpointAsync(_server))));
        _cases.Add($"DELETE {Api}/operators/{{name}}", new AccessCase(
            async () =>
            {
                _leaving ??= (await _server.PutPersonAsync("leaving", request)).GetProperty("name").GetString();
                return Request("DELETE", $"{Api}/operators/{_leaving}");
            },
            HttpStatusCode.NoContent)
        {
            After = granted => _leaving = granted ? null : _leaving,
        });
        _cases.Add($"DELETE {Api}/operators/{{name}}/tokens/{{id}}", new AccessCase(
            async () =>
            {
                _token ??= (await _server.CreateTokenAsync("bootstrap", new { name = $"temporary {++_count}" })).GetProperty("id").GetString();
                return Request("DELETE", $"{Api}/operators/bootstrap/tokens/{_token}");
            },
            HttpStatusCode.NoContent)
        {
            After = granted => _token = granted ? null : _token,
        });
    }
}
