using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Tests.Access;

/// <summary>People and their tokens.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PeopleTests : IAsyncDisposable
{
    private const string Operators = "/api/v1/operators";

    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task Start() => _server = await ServerUnderTest.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    [Proves("U-20", "U-21")]
    public async Task A45_A_token_is_shown_once_stored_as_a_digest_and_ends_when_it_says()
    {
        await _server.SetPersonAsync("anna", new { role = "viewer" });
        JsonElement made = await _server.CreateTokenAsync("anna", new { name = "laptop", days = 2 });
        string token = made.GetProperty("token").GetString()!;
        Assert.That(token, Does.Match("^fota_[A-Za-z0-9_-]{43}$"));
        Assert.That(made.GetProperty("expires").GetDateTimeOffset(), Is.EqualTo(_server.Clock.Now.AddDays(2)));
        JsonElement[] listed = [.. (await _server.GetAsync($"{Operators}/anna/tokens")).EnumerateArray()];
        Assert.That(listed.Single().GetProperty("name").GetString(), Is.EqualTo("laptop"));
        Assert.That((await _server.GetAsync($"{Operators}/anna/tokens")).ToString(), Does.Not.Contain(token).And.Not.Contain("\"token\""));
        _server.Clock.Now = _server.Clock.Now.AddDays(2).AddTicks(-1);
        Assert.That(await StatusAsync(token), Is.EqualTo(HttpStatusCode.OK));
        await _server.RestartAsync();
        Assert.That(await StatusAsync(token), Is.EqualTo(HttpStatusCode.OK), "it outlasts a restart");
        _server.Clock.Now = _server.Clock.Now.AddTicks(1);
        Assert.That(await StatusAsync(token), Is.EqualTo(HttpStatusCode.Unauthorized));

        await _server.StopAsync();
        string database = string.Concat(Directory.EnumerateFiles(_server.PathOf("data"), "server.db*").Select(static f => Encoding.Latin1.GetString(File.ReadAllBytes(f))));
        Assert.That(database, Does.Not.Contain(token));
        Assert.That(database, Does.Contain(Encoding.Latin1.GetString(SHA256.HashData(Encoding.UTF8.GetBytes(token)))));
        Assert.That(_server.LogText.ToString(), Does.Not.Contain(token));
    }

    [Test]
    [Proves("U-22", "U-7")]
    public async Task A45_A_token_that_is_taken_back_and_a_person_who_is_removed_are_shut_out_at_once_and_for_good()
    {
        await _server.SetPersonAsync("anna", new { role = "viewer" });
        JsonElement first = await _server.CreateTokenAsync("anna", new { name = "one" }), second = await _server.CreateTokenAsync("anna", new { name = "two" });
        await DeleteAsync($"{Operators}/anna/tokens/{first.GetProperty("id").GetString()}");
        Assert.That(await StatusAsync(first), Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(await StatusAsync(second), Is.EqualTo(HttpStatusCode.OK));
        await DeleteAsync($"{Operators}/anna");
        Assert.That(await StatusAsync(second), Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That((await _server.GetAsync(Operators)).EnumerateArray().Select(static p => p.GetProperty("name").GetString()), Is.EqualTo(new[] { "bootstrap" }));
        await _server.SetPersonAsync("anna", new { role = "viewer" });
        await _server.RestartAsync();
        Assert.That(await StatusAsync(first), Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(await StatusAsync(second), Is.EqualTo(HttpStatusCode.Unauthorized), "whoever comes back gets new tokens");
    }

    [TestCase("token", HttpStatusCode.Unauthorized, "Unauthorized")]
    [TestCase("person", HttpStatusCode.Unauthorized, "Unauthorized")]
    [TestCase("role", HttpStatusCode.Forbidden, "Forbidden")]
    [TestCase("scope", HttpStatusCode.Forbidden, "Forbidden")]
    [Proves("U-22")]
    public async Task A45_A_publication_that_came_while_its_publisher_lost_what_it_takes_changes_nothing(string lost, HttpStatusCode status, string reason)
    {
        await _server.SetPersonAsync("anna", new { role = "publisher" });
        JsonElement made = await _server.CreateTokenAsync("anna", new { name = "signer" });
        _server.Source.Add(SampleRelease.Create());
        bool isLost = false;
        await _server.RestartAsync(beforeCommit: () =>
        {
            Task<HttpResponseMessage> losing = lost switch
            {
                "token" => _server.Operator.DeleteAsync($"{Operators}/anna/tokens/{made.GetProperty("id").GetString()}"),
                "person" => _server.Operator.DeleteAsync($"{Operators}/anna"),
                "role" => _server.Operator.PutAsJsonAsync($"{Operators}/anna", new { grants = new[] { new { role = "viewer" } } }),
                _ => _server.Operator.PutAsJsonAsync($"{Operators}/anna", new { grants = new[] { new { role = "publisher", products = new[] { "ventilator" } } } }),
            };
            isLost = losing.GetAwaiter().GetResult().IsSuccessStatusCode;
        });
        using HttpClient anna = _server.Bearer(made.GetProperty("token").GetString()!);
        using ByteArrayContent tar = new(PublicationSource.Tar(_server.Source.Bundle()));
        tar.Headers.ContentType = new MediaTypeHeaderValue("application/x-tar");
        using HttpResponseMessage refused = await anna.PostAsync("/api/v1/publications", tar);
        Assert.That(isLost);
        await ServerUnderTest.IsRefusedAsync(refused, status, reason);
        Assert.That(refused.Headers.WwwAuthenticate.Count > 0, Is.EqualTo(status == HttpStatusCode.Unauthorized));
        Assert.That((await _server.GetAsync("/api/v1/releases")).GetArrayLength(), Is.Zero);
    }

    [Test]
    [Proves("U-23")]
    public async Task A45_A_token_of_some_roles_has_no_others_and_gives_none_that_the_person_has_not()
    {
        await _server.SetPersonAsync("anna", new { role = "viewer" }, new { role = "operator" });
        JsonElement narrow = await _server.CreateTokenAsync("anna", new { name = "reads", roles = new[] { "viewer", "administrator" } });
        using HttpClient client = _server.Bearer(narrow.GetProperty("token").GetString()!);
        using HttpResponseMessage devices = await client.GetAsync("/api/v1/devices"), people = await client.GetAsync(Operators), create = await client.PostAsJsonAsync("/api/v1/rollouts", new { });
        Assert.That((devices.StatusCode, people.StatusCode, create.StatusCode), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)));
        using HttpResponseMessage me = await client.GetAsync("/api/v1/whoami");
        JsonElement said = await ServerUnderTest.ReadAsync(me, HttpStatusCode.OK);
        Assert.That((said.GetProperty("name").GetString(), said.GetProperty("credential").GetString(), said.GetProperty("grants").GetArrayLength()), Is.EqualTo(("anna", "token", 1)));
    }

    [Test]
    [Proves("U-6")]
    public async Task A45_What_somebody_is_known_by_elsewhere_is_known_of_nobody_else()
    {
        await _server.PutPersonAsync("anna", new { grants = Array.Empty<object>(), certificate_subjects = new[] { "CN=anna, O=Example" }, oauth_subjects = new[] { "248289761001" } });
        foreach (object request in (object[])[
            new { grants = Array.Empty<object>(), certificate_subjects = new[] { "CN=anna,O=Example" } },
            new { grants = Array.Empty<object>(), oauth_subjects = new[] { "248289761001" } }])
        {
            using HttpResponseMessage response = await _server.Operator.PutAsJsonAsync($"{Operators}/anna2", request);
            await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Conflict, "AlreadyTaken");
        }
    }

    [Test]
    [Proves("U-8")]
    public async Task The_last_administrator_is_neither_removed_nor_left_without_a_credential()
    {
        string id = (await _server.GetAsync($"{Operators}/bootstrap/tokens"))[0].GetProperty("id").GetString()!;
        using HttpResponseMessage removed = await _server.Operator.DeleteAsync($"{Operators}/bootstrap"), revoked = await _server.Operator.DeleteAsync($"{Operators}/bootstrap/tokens/{id}");
        using HttpResponseMessage less = await _server.Operator.PutAsJsonAsync($"{Operators}/bootstrap", new { grants = new[] { new { role = "administrator", products = new[] { "infusion-pump" } } } });
        foreach (HttpResponseMessage response in (HttpResponseMessage[])[removed, revoked, less])
        {
            await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Conflict, "LastAdministrator");
        }

        await _server.SetPersonAsync("carla", new { role = "administrator" });
        using HttpResponseMessage still = await _server.Operator.DeleteAsync($"{Operators}/bootstrap");
        await ServerUnderTest.IsRefusedAsync(still, HttpStatusCode.Conflict, "LastAdministrator");
        JsonElement token = await _server.CreateTokenAsync("carla");
        await DeleteAsync($"{Operators}/bootstrap");
        using HttpClient carla = _server.Bearer(token.GetProperty("token").GetString()!);
        using HttpResponseMessage people = await carla.GetAsync(Operators);
        Assert.That((await ServerUnderTest.ReadAsync(people, HttpStatusCode.OK)).GetArrayLength(), Is.EqualTo(1));
    }

    [Test]
    [Proves("U-9")]
    public async Task When_no_administrator_has_a_credential_any_more_a_start_makes_the_first_one_anew()
    {
        string old = _server.Token;
        await _server.SetPersonAsync("carla", new { role = "administrator" });
        await _server.CreateTokenAsync("carla", new { name = "short", days = 1 });
        await DeleteAsync($"{Operators}/bootstrap");
        await _server.RestartAsync();
        Assert.That(_server.Token, Is.EqualTo(old), "carla has one");
        Assert.That(await StatusAsync(old), Is.EqualTo(HttpStatusCode.Unauthorized));
        _server.Clock.Now = _server.Clock.Now.AddDays(1);
        await _server.RestartAsync();
        Assert.That(_server.Token, Is.Not.EqualTo(old));
        Assert.That((await _server.GetAsync(Operators)).EnumerateArray().Select(static p => p.GetProperty("name").GetString()), Is.EqualTo(new[] { "bootstrap", "carla" }));
    }

    [Test]
    [Proves("U-9")]
    public async Task A48_An_installation_from_before_there_were_roles_keeps_its_token()
    {
        Directory.CreateDirectory(_server.PathOf("old"));
        using (SqliteConnection old = new($"Data Source={_server.PathOf("old/server.db")}"))
        {
            old.Open();
            foreach (string name in (string[])["0001_first", "0002_device_keys", "0003_delta_packs", "0004_gates", "0005_enrolments", "0006_rollout_plans"])
            {
                using StreamReader script = new(typeof(FotaServer).Assembly.GetManifestResourceStream($"Fota.UpdateServer.Storage.Migrations.{name}")!);
                Execute(old, await script.ReadToEndAsync());
            }

            Execute(old, $"INSERT INTO operator_tokens VALUES ('bootstrap', x'{Convert.ToHexString(SHA256.HashData("a-token-of-before"u8))}', 1); PRAGMA user_version = 6");
        }

        await File.WriteAllTextAsync(_server.PathOf("old/bootstrap-token"), "a-token-of-before");
        await _server.RestartAsync(data: "old");
        JsonElement me = await _server.GetAsync("/api/v1/whoami");
        Assert.That(me.GetProperty("name").GetString(), Is.EqualTo("bootstrap"));
        Assert.That(me.GetProperty("grants").EnumerateArray().Select(static g => g.GetProperty("role").GetString()), Does.Contain("administrator").And.Contain("publisher"));
        await _server.SetPersonAsync("anna", new { role = "viewer" });
    }

    [Test]
    [Proves("U-70")]
    public async Task P8_Every_decision_about_access_is_kept_and_none_is_changed()
    {
        await _server.SetPersonAsync("anna", new { role = "operator", products = new[] { "infusion-pump" }, sites = new[] { "basel" } });
        JsonElement token = await _server.CreateTokenAsync("anna");
        await DeleteAsync($"{Operators}/anna/tokens/{token.GetProperty("id").GetString()}");
        await _server.PostAsync("/api/v1/devices/pump-0001/revocation", new { reason = "stolen" });
        await DeleteAsync("/api/v1/devices/pump-0001/revocation");
        await DeleteAsync($"{Operators}/anna");
        JsonElement[] decisions = [.. (await _server.GetAsync("/api/v1/access-decisions")).EnumerateArray()];
        Assert.That(
            decisions.Select(static d => $"{d.GetProperty("by").GetString()} {d.GetProperty("decision").GetString()} {d.GetProperty("about").GetString()}"),
            Is.EqualTo(new[]
            {
                "bootstrap person_removed anna", "bootstrap device_reinstated pump-0001", "bootstrap device_revoked pump-0001", "bootstrap token_revoked anna", "bootstrap token_created anna",
                "bootstrap person_set anna", "server person_set bootstrap",
            }));
        Assert.That(decisions[5].GetProperty("detail").GetString(), Is.EqualTo("operator of infusion-pump at basel"));
        await _server.StopAsync();
        using SqliteConnection database = new($"Data Source={_server.PathOf("data/server.db")}");
        database.Open();
        Assert.That(() => Execute(database, "DELETE FROM access_decisions"), Throws.TypeOf<SqliteException>().With.Message.Contains("a decision is not deleted"));
        Assert.That(() => Execute(database, "UPDATE access_decisions SET made_by = 'nobody'"), Throws.TypeOf<SqliteException>().With.Message.Contains("a decision is not changed"));
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private Task<HttpStatusCode> StatusAsync(JsonElement token) => StatusAsync(token.GetProperty("token").GetString()!);

    private async Task<HttpStatusCode> StatusAsync(string token)
    {
        using HttpClient client = _server.Bearer(token);
        using HttpResponseMessage response = await client.GetAsync("/api/v1/whoami");
        return response.StatusCode;
    }

    private async Task DeleteAsync(string path)
    {
        using HttpResponseMessage response = await _server.Operator.DeleteAsync(path);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NoContent), await response.Content.ReadAsStringAsync());
    }
}
