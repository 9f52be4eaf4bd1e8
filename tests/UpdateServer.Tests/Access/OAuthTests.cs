using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Access;

/// <summary>Tokens of an authorisation server that says anything. A real one is asked in the tests of the whole chain.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class OAuthTests : IAsyncDisposable
{
    private const string Token = "opaque-1";

    private ServerUnderTest _server = null!;
    private ScriptedAuthorizationServer _login = null!;

    [SetUp]
    public async Task Start()
    {
        _login = await ScriptedAuthorizationServer.StartAsync();
        _server = await ServerUnderTest.StartAsync();
        await File.WriteAllTextAsync(_server.PathOf("secret"), "a secret:with a colon");
        File.SetUnixFileMode(_server.PathOf("secret"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await RestartAsync();
        await _server.PutPersonAsync("anna", new { grants = new[] { new { role = "viewer" }, new { role = "operator" }, new { role = "approver" } }, oauth_subjects = new[] { "subject-1" } });
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _login.DisposeAsync();
    }

    internal static OAuthSettings Settings(Uri issuer, ServerUnderTest server) => new()
    {
        Issuer = new Uri(issuer.GetLeftPart(UriPartial.Authority)),
        IntrospectionEndpoint = new Uri(issuer, "/introspect"),
        ClientId = "fota-server",
        ClientSecretFile = server.PathOf("secret"),
        AuthorityFile = server.PathOf("login-ca.pem"),
        LoginClientId = "fota-cli",
        PersonClaim = "sub",
        Roles = [new OAuthRole("scope", "fota.view", "viewer"), new OAuthRole("groups", "fota-operators", "operator"), new OAuthRole("groups", "fota-admins", "administrator")],
    };

    [Test]
    [Proves("U-30", "U-31", "U-32")]
    public async Task A45_A_login_has_the_roles_that_both_sides_give_and_no_others()
    {
        Say(Good(groups: ["fota-operators", "fota-admins"]));
        JsonElement me = await WhoAmIAsync();
        Assert.That((me.GetProperty("name").GetString(), me.GetProperty("credential").GetString()), Is.EqualTo(("anna", "oauth")));
        Assert.That(me.GetProperty("grants").EnumerateArray().Select(static g => g.GetProperty("role").GetString()), Is.EqualTo(new[] { "viewer", "operator" }), "approver is not said there, administrator not here");
        Assert.That(_login.AskedBy, Is.EqualTo("fota-server:a%20secret%3Awith%20a%20colon"));
        await RestartAsync(static o => o with { Roles = [] });
        Assert.That((await WhoAmIAsync()).GetProperty("grants").GetArrayLength(), Is.Zero, "nothing by default");
        using HttpResponseMessage devices = await AskAsync("/api/v1/devices");
        await ServerUnderTest.IsRefusedAsync(devices, HttpStatusCode.Forbidden, "Forbidden");
    }

    [Test]
    [Proves("U-30", "U-31")]
    public async Task A45_A_token_that_is_not_for_here_or_of_nobody_here_is_worth_nothing()
    {
        long now = _server.Clock.Now.ToUnixTimeSeconds();
        (string Why, Action<JsonObject> Change)[] cases =
        [
            ("not active", static a => a["active"] = false),
            ("over", a => a["exp"] = now),
            ("not yet begun", a => a["nbf"] = now + 1),
            ("another issuer", static a => a["iss"] = "https://other.example"),
            ("another client's", static a => a["client_id"] = "wiki"),
            ("no client's", static a => a.Remove("client_id")),
            ("of a subject that nobody is", static a => a["sub"] = "subject-2"),
            ("of no subject", static a => a.Remove("sub")),
            ("of a subject that is no text", static a => a["sub"] = 1),
            ("of a person's name in place of a subject", static a => a["sub"] = "anna"),
        ];
        for (int i = 0; i < cases.Length; i++)
        {
            JsonObject answer = Good();
            cases[i].Change(answer);
            _login.Tokens[$"opaque-{i}"] = answer.ToJsonString();
            using HttpResponseMessage response = await AskAsync("/api/v1/whoami", $"opaque-{i}");
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized), cases[i].Why);
        }

        await RestartAsync(static o => o with { Audience = "https://updates.example" });
        Say(Good());
        using HttpResponseMessage noAudience = await AskAsync("/api/v1/whoami");
        Assert.That(noAudience.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        JsonObject forHere = Good();
        forHere["aud"] = new JsonArray("https://wiki.example", "https://updates.example");
        _login.Tokens["for-here"] = forHere.ToJsonString();
        using HttpResponseMessage audience = await AskAsync("/api/v1/whoami", "for-here");
        Assert.That(audience.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    [Proves("U-33")]
    public async Task An_answer_is_kept_for_the_time_that_is_configured_and_never_beyond_the_tokens_own()
    {
        long now = _server.Clock.Now.ToUnixTimeSeconds();
        JsonObject answer = Good();
        answer["exp"] = now + 45;
        Say(answer);
        await WhoAmIAsync();
        Say(null);
        _server.Clock.Now = _server.Clock.Now.AddSeconds(29);
        await WhoAmIAsync();
        Assert.That(_login.Asked, Has.Count.EqualTo(1));
        _server.Clock.Now = _server.Clock.Now.AddSeconds(1);
        Assert.That(await StatusAsync(), Is.EqualTo(HttpStatusCode.Unauthorized), "taken back there");
        Assert.That(await StatusAsync(), Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(_login.Asked, Has.Count.EqualTo(2), "what is worth nothing is not asked for again and again");
        Say(answer);
        _server.Clock.Now = _server.Clock.Now.AddSeconds(0.5);
        await RestartAsync(static o => o with { Cache = TimeSpan.FromMinutes(5) });
        await WhoAmIAsync();
        _server.Clock.Now = _server.Clock.Now.AddSeconds(14.5);
        Assert.That(await StatusAsync(), Is.EqualTo(HttpStatusCode.Unauthorized), "45 s are over");
    }

    [Test]
    [Proves("U-34")]
    public async Task A49_An_authorisation_server_that_is_away_or_talks_nonsense_is_503_and_tokens_of_our_own_go_on()
    {
        await _server.SetPersonAsync("bob", new { role = "viewer" });
        string own = (await _server.CreateTokenAsync("bob")).GetProperty("token").GetString()!;
        foreach ((int status, string said) in ((int, string)[])[(500, "{}"), (401, "{}"), (200, "nonsense"), (200, "[]"), (200, """{"active":"yes"}"""), (200, """{"active":true,"exp":"soon"}""")])
        {
            (_login.Status, _login.Tokens[Token]) = (status, said);
            using HttpResponseMessage response = await AskAsync("/api/v1/whoami");
            await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.ServiceUnavailable, "AuthorizationServerAway");
            Assert.That(response.Headers.RetryAfter?.Delta, Is.EqualTo(TimeSpan.FromSeconds(5)));
        }

        await _login.DisposeAsync();
        using HttpResponseMessage away = await AskAsync("/api/v1/whoami"), mine = await AskAsync("/api/v1/whoami", own);
        await ServerUnderTest.IsRefusedAsync(away, HttpStatusCode.ServiceUnavailable, "AuthorizationServerAway");
        Assert.That(mine.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    [Proves("U-35")]
    public async Task A45_No_token_of_our_own_is_told_to_the_authorisation_server()
    {
        await _server.SetPersonAsync("bob", new { role = "viewer" });
        JsonElement made = await _server.CreateTokenAsync("bob");
        using HttpResponseMessage revoked = await _server.Operator.DeleteAsync($"/api/v1/operators/bob/tokens/{made.GetProperty("id").GetString()}");
        foreach (string token in (string[])[made.GetProperty("token").GetString()!, _server.Token, "fota_invented", "with space", new string('a', 2049)])
        {
            using HttpResponseMessage response = await AskAsync("/api/v1/whoami", token);
            Assert.That(response.StatusCode, Is.EqualTo(token == _server.Token ? HttpStatusCode.OK : HttpStatusCode.Unauthorized), token);
        }

        Assert.That(_login.Asked, Is.Empty);
    }

    [Test]
    [Proves("U-6")]
    public async Task A45_A_token_and_a_login_of_one_person_do_not_make_two_people()
    {
        await RestartAsync(static o => o with { Roles = [new OAuthRole("scope", "fota.view", "approver")] });
        _server.Source.Add(SampleRelease.Create());
        using HttpResponseMessage published = await _server.PublishAsync();
        Say(Good());
        using HttpClient token = _server.Bearer((await _server.CreateTokenAsync("anna")).GetProperty("token").GetString()!), login = _server.Bearer(Token);
        using HttpResponseMessage made = await token.PostAsJsonAsync("/api/v1/rollouts", new { product = "infusion-pump", version = "1.1.0", stages = new object[] { new { name = "all" } }, abort_after_failures = 1 });
        JsonElement draft = await ServerUnderTest.ReadAsync(made, HttpStatusCode.Created);
        object approval = new { manifest_digest = draft.GetProperty("manifest_digest").GetString(), plan_digest = draft.GetProperty("plan_digest").GetString() };
        using HttpResponseMessage approved = await login.PostAsJsonAsync($"/api/v1/rollouts/{draft.GetProperty("id").GetString()}/approve", approval);
        await ServerUnderTest.IsRefusedAsync(approved, HttpStatusCode.Conflict, "IllegalTransition");
        Assert.That(await approved.Content.ReadAsStringAsync(), Does.Contain("somebody else than anna"));
    }

    [Test]
    [Proves("U-36")]
    public async Task Whoever_asks_is_told_where_to_log_in_and_nothing_else()
    {
        using HttpResponseMessage response = await _server.Anonymous.GetAsync("/.well-known/oauth-protected-resource");
        JsonElement said = await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
        Assert.That(said.GetProperty("resource").GetString(), Is.EqualTo(_server.Address.GetLeftPart(UriPartial.Authority)));
        Assert.That(said.GetProperty("authorization_servers").ToString(), Is.EqualTo($"""["{_login.Address.GetLeftPart(UriPartial.Authority)}"]"""));
        Assert.That((said.GetProperty("scopes_supported").ToString(), said.GetProperty("fota_client_id").GetString()), Is.EqualTo(("""["fota.view"]""", "fota-cli")));
        await _server.RestartAsync();
        using HttpResponseMessage none = await _server.Anonymous.GetAsync("/.well-known/oauth-protected-resource");
        await ServerUnderTest.IsRefusedAsync(none, HttpStatusCode.NotFound, "NotFound");
    }

    [Test]
    [Proves("U-30")]
    public void Settings_that_are_not_safe_or_not_roles_are_refused()
    {
        IsRefused(static o => o with { IntrospectionEndpoint = new Uri("http://127.0.0.1/introspect") }, "oauth.introspectionEndpoint: wanted an https address");
        IsRefused(static o => o with { Issuer = new Uri("http://127.0.0.1") }, "oauth.issuer: wanted an https address");
        IsRefused(static o => o with { Roles = [new OAuthRole("scope", "x", "root")] }, "oauth.roles: wanted one of viewer, operator, approver, publisher, administrator, auditor, got root");
        IsRefused(static o => o with { Cache = TimeSpan.FromSeconds(301) }, "oauth.cacheSeconds: wanted 0 to 300, got 301");

        void IsRefused(Func<OAuthSettings, OAuthSettings> change, string message) => Assert.That(() => RestartAsync(change), Throws.TypeOf<ConfigurationException>().With.Message.StartsWith(message));
    }

    private static JsonObject Good(string[]? groups = null) => new()
    {
        ["active"] = true,
        ["sub"] = "subject-1",
        ["client_id"] = "fota-cli",
        ["scope"] = "openid fota.view",
        ["groups"] = new JsonArray([.. (groups ?? []).Select(static g => JsonValue.Create(g))]),
    };

    private void Say(JsonObject? answer) => _login.Tokens[Token] = answer?.ToJsonString() ?? """{"active":false}""";

    private async Task RestartAsync(Func<OAuthSettings, OAuthSettings>? change = null)
    {
        await File.WriteAllTextAsync(_server.PathOf("login-ca.pem"), ServerUnderTest.ServiceCa.Certificate.ExportCertificatePem());
        OAuthSettings settings = Settings(_login.Address, _server);
        await _server.RestartAsync(change: s => s with { OAuth = change is null ? settings : change(settings) });
    }

    private async Task<HttpResponseMessage> AskAsync(string path, string token = Token)
    {
        HttpClient client = _server.Client(null);
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        return await client.GetAsync(path);
    }

    private async Task<HttpStatusCode> StatusAsync()
    {
        using HttpResponseMessage response = await AskAsync("/api/v1/whoami");
        return response.StatusCode;
    }

    private async Task<JsonElement> WhoAmIAsync()
    {
        using HttpResponseMessage response = await AskAsync("/api/v1/whoami");
        return await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
    }
}
