using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Fota.TestKit;

namespace Fota.EndToEnd.Tests.Login;

/// <summary>`fota login` at a real authorisation server, and the verbs of administrators.</summary>
[Category("Full")]
public sealed class LoginTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private LoginSite _site = null!;

    private string Certificate => _site.PathOf("server.pem");

    [OneTimeSetUp]
    public async Task Start()
    {
        _site = await LoginSite.StartAsync();
        await _site.AdministerAsync("operator", "add", "anna", "--role", "viewer", "--role", "approver", "--oauth-subject", "anna-at-login");
    }

    [SetUp]
    public void ForgetLogins()
    {
        if (File.Exists(_site.Logins))
        {
            File.Delete(_site.Logins);
        }
    }

    [OneTimeTearDown]
    public async Task Stop() => await _site.DisposeAsync();

    [Test]
    [Proves("U-37", "U-38")]
    public async Task A45_A_login_through_the_loopback_interface_is_that_person_with_those_roles_until_it_is_taken_back()
    {
        (Process fota, string line) = await _site.BeginAsync("login", "--login-ca", Certificate);
        const string Open = "Open this in a browser on this machine: ";
        Assert.That(line, Does.StartWith(Open));
        Uri address = new(line[Open.Length..]);
        Dictionary<string, string> query = address.Query.TrimStart('?').Split('&').Select(static p => p.Split('=', 2)).ToDictionary(static p => p[0], static p => Uri.UnescapeDataString(p[1]), StringComparer.Ordinal);
        Assert.That((query["code_challenge_method"], query["response_type"], query["scope"]), Is.EqualTo(("S256", "code", "openid fota.view fota.operate")));

        // Whatever knocks there first with an answer to another request is sent away, and the login goes on.
        using (HttpClient stranger = new())
        {
            foreach (string wrong in (string[])["?code=stolen&state=guessed", "?code=stolen", "/other"])
            {
                using HttpResponseMessage away = await stranger.GetAsync(query["redirect_uri"] + wrong);
                Assert.That(away.StatusCode, Is.EqualTo(HttpStatusCode.NotFound), wrong);
            }
        }

        // Browsers connect ahead of time, and say nothing.
        List<TcpClient> idle = [.. Enumerable.Range(0, 8).Select(_ => new TcpClient("127.0.0.1", new Uri(query["redirect_uri"]).Port))];
        using Browser browser = new(_site.Certificate);
        Assert.That(await browser.LogInAsync(address, "anna-at-login"), Is.EqualTo("Fota has what it needs. You can close this page."));
        Assert.That(await LoginSite.EndAsync(fota), Does.Match("^anna, by oauth [0-9a-f]{16}, until .*Z\n  viewer\n$"));
        idle.ForEach(static c => c.Dispose());
        Assert.That(File.GetUnixFileMode(_site.Logins), Is.EqualTo(OwnerOnly));
        Assert.That(File.GetUnixFileMode(Path.GetDirectoryName(_site.Logins)!), Is.EqualTo(OwnerOnly | UnixFileMode.UserExecute));

        await IsRefusedAsync("Forbidden: ", "operator", "list");
        ProgramRun devices = await _site.RunAsync("device", "list", "--json");
        Assert.That((devices.ExitCode, devices.Output.Trim()), Is.EqualTo((0, "[]")), devices.Error);
        File.SetUnixFileMode(_site.Logins, OwnerOnly | UnixFileMode.GroupRead);
        await IsRefusedAsync("wanted a file of yours with mode 0600, got 0640", "whoami");
        File.SetUnixFileMode(_site.Logins, OwnerOnly);

        string token = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(_site.Logins)).EnumerateObject().Single().Value.GetProperty("access_token").GetString()!;
        await File.WriteAllTextAsync(_site.PathOf("copied"), token);
        Assert.That((await _site.RunAsync("whoami", "--token-file", _site.PathOf("copied"))).ExitCode, Is.Zero);
        ProgramRun logout = await _site.RunAsync("logout", "--login-ca", Certificate);
        Assert.That((logout.ExitCode, logout.Output), Is.EqualTo((0, "logged out\n")), logout.Error);
        await IsRefusedAsync("Unauthorized: ", "whoami", "--token-file", _site.PathOf("copied"));
        await IsRefusedAsync("or a login (fota login), got none", "whoami");
    }

    [Test]
    [Proves("U-37")]
    public async Task A45_A_login_by_a_code_is_for_whoever_is_registered_and_for_nobody_else()
    {
        foreach ((string person, bool isKnown) in ((string, bool)[])[("somebody-else", false), ("anna-at-login", true)])
        {
            (Process fota, string line) = await _site.BeginAsync("login", "--device", "--login-ca", Certificate, "--json");
            string[] words = line.Split(' ');
            Assert.That(words, Has.Length.EqualTo(10), line);
            using Browser browser = new(_site.Certificate);
            Assert.That(await browser.LogInAsync(new Uri(words[1]), person, words[^1]), Does.Contain("Sign-in Success"));
            string said = await LoginSite.EndAsync(fota);
            Assert.That(fota.ExitCode, Is.EqualTo(isKnown ? 0 : 1), said);
            Assert.That(said, isKnown ? Does.Contain("\"name\": \"anna\"") : Does.Contain("Unauthorized: "));
            Assert.That(File.Exists(_site.Logins), Is.EqualTo(isKnown), "what is worth nothing is not kept");
        }
    }

    [Test]
    [Proves("U-37")]
    public async Task A45_A_login_of_either_kind_is_for_the_server_that_it_was_made_for([Values] bool device)
    {
        await using LoginSite site = await LoginSite.StartAsync("https://updates.example/");
        await site.AdministerAsync("operator", "add", "anna", "--role", "viewer", "--oauth-subject", "anna-at-login");
        (Process fota, string line) = await site.BeginAsync([.. device ? ["login", "--device"] : (string[])["login"], "--login-ca", site.PathOf("server.pem")]);
        string[] words = line.Split(' ');
        using Browser browser = new(site.Certificate);
        await browser.LogInAsync(new Uri(device ? words[1] : words[^1]), "anna-at-login", device ? words[^1] : null);
        Assert.That(await LoginSite.EndAsync(fota), Does.StartWith("anna, by oauth "));
    }

    [Test]
    [Proves("U-5", "U-20", "U-25")]
    public async Task Administrators_make_people_and_tokens_by_the_tool()
    {
        await _site.AdministerAsync("operator", "add", "bob", "--role", "operator:infusion-pump,ventilator@basel", "--role", "auditor", "--certificate-subject", "CN=bob");
        JsonElement bob = JsonSerializer.Deserialize<JsonElement>(await _site.AdministerAsync("operator", "list", "--json")).EnumerateArray().Single(static p => p.GetProperty("name").GetString() == "bob");
        Assert.That(bob.GetProperty("grants")[0].ToString().ReplaceLineEndings("").Replace(" ", "", StringComparison.Ordinal), Is.EqualTo("""{"role":"operator","products":["infusion-pump","ventilator"],"sites":["basel"]}"""));

        ProgramRun me = await _site.RunAsync("whoami", "--identity", _site.Identity("bob"));
        Assert.That((me.ExitCode, me.Output), Is.EqualTo((0, me.Output)), me.Error);
        Assert.That(me.Output, Does.StartWith("bob, by certificate ").And.Contain("\n  operator:infusion-pump,ventilator@basel\n  auditor\n"));

        string token = (await _site.AdministerAsync("operator", "token", "create", "bob", "--name", "a script", "--days", "1", "--role", "auditor")).Trim();
        await File.WriteAllTextAsync(_site.PathOf("bob.token"), token);
        JsonElement listed = JsonSerializer.Deserialize<JsonElement>(await _site.AdministerAsync("operator", "token", "list", "bob", "--json"))[0];
        Assert.That((listed.GetProperty("name").GetString(), listed.GetProperty("roles")[0].GetString(), listed.TryGetProperty("token", out _)), Is.EqualTo(("a script", "auditor", false)));
        ProgramRun decisions = await _site.RunAsync("operator", "decisions", "--json", "--token-file", _site.PathOf("bob.token"));
        Assert.That(decisions.ExitCode, Is.Zero, decisions.Error);
        Assert.That(decisions.Output, Does.Not.Contain(token));

        await _site.AdministerAsync("operator", "token", "revoke", "bob", listed.GetProperty("id").GetString()!);
        await IsRefusedAsync("Unauthorized: ", "whoami", "--token-file", _site.PathOf("bob.token"));
        await _site.AdministerAsync("operator", "remove", "bob");
        await IsRefusedAsync("Unauthorized: ", "whoami", "--identity", _site.PathOf("bob.json"));
        await _site.AdministerAsync("device", "revoke", "pump-0001", "--reason", "stolen");
        Assert.That(await _site.AdministerAsync("device", "revocations"), Does.Contain("pump-0001"));
        await _site.AdministerAsync("device", "reinstate", "pump-0001");
        await IsRefusedAsync("--role: wanted ROLE[:PRODUCT,...][@SITE,...], got viewer:@", "operator", "add", "x", "--role", "viewer:@", "--token-file", _site.BootstrapToken);
    }

    private async Task IsRefusedAsync(string reason, params string[] arguments)
    {
        ProgramRun run = await _site.RunAsync(arguments);
        Assert.That(run.ExitCode, Is.EqualTo(1), run.Output);
        Assert.That(run.Error, Does.Contain(reason));
        Assert.That(run.ErrorLines, Has.Length.EqualTo(1));
    }
}
