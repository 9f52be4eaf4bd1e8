using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Tests.Access;
using Fota.UpdateServer.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Tests.Rollouts;

/// <summary>Whole plans over HTTP, and what a server keeps of them over a restart. Releases 1.1.0 and 1.2.0 are published; four pumps have checked in.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RolloutPlanApiTests : IAsyncDisposable
{
    private ServerUnderTest _server = null!;
    private SimulatedDevice[] _pumps = null!;
    private SampleRelease _release = null!;

    [SetUp]
    public async Task PublishAndRegister()
    {
        _server = await ServerUnderTest.StartAsync();
        _server.Source.Add(SampleRelease.Create("1.2.0", 3));
        _release = _server.Source.Add(SampleRelease.Create());
        using HttpResponseMessage published = await _server.PublishAsync();
        await ServerUnderTest.ReadAsync(published, HttpStatusCode.OK);
        _pumps = [.. Enumerable.Range(1, 4).Select(i => new SimulatedDevice(_server, $"pump-{i}"))];
        foreach (SimulatedDevice pump in _pumps)
        {
            await pump.CheckInAsync();
        }
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    [Proves("O-30", "O-33")]
    public async Task A48_A_stage_that_soaks_goes_on_by_the_clock_also_after_a_restart()
    {
        string id = await StagesAsync(new { name = "canary", count = 1, soak_minutes = 60 }, new { name = "rest" });
        SimulatedDevice canary = (await GrantedAsync()).Single();
        await canary.CheckInAsync(ReportState.Confirmed, $"{id}-{canary.Name}", Digest(_release));
        Assert.That(await StageAsync(id), Is.EqualTo("canary"));
        _server.Clock.Pass(TimeSpan.FromMinutes(30));
        await RestartAsync();
        _server.Clock.Pass(TimeSpan.FromMinutes(29));
        Assert.That(await StageAsync(id), Is.EqualTo("canary"));
        _server.Clock.Pass(TimeSpan.FromMinutes(1));
        Assert.That(await StageAsync(id), Is.EqualTo("rest"));
    }

    [Test]
    [Proves("O-50", "O-60")]
    public async Task A_device_that_falls_silent_has_failed_and_the_decision_is_kept_with_its_figures()
    {
        string id = await StartAsync(new { product = "infusion-pump", version = "1.1.0", stages = new object[] { new { name = "all" } }, abort_after_failures = 1, timeout_minutes = 60 });
        Assert.That(await GrantedAsync(), Has.Length.EqualTo(4));
        await RestartAsync();
        _server.Clock.Pass(TimeSpan.FromMinutes(60));
        JsonElement rollout = await _server.GetAsync($"/api/v1/rollouts/{id}");
        Assert.That((rollout.GetProperty("state").GetString(), rollout.GetProperty("stages")[0].GetProperty("silent").GetInt32()), Is.EqualTo(("aborted", 4)));

        JsonElement[] decisions = [.. (await _server.GetAsync($"/api/v1/rollouts/{id}/decisions")).EnumerateArray()];
        Assert.That(decisions.Select(static d => d.GetProperty("decision").GetString()), Is.EqualTo(new[] { "created", "started", "stage_begun", "silence", "aborted" }));
        Assert.That(decisions.Select(static d => d.GetProperty("by").GetString()), Is.EqualTo(new[] { "bootstrap", "bootstrap", "bootstrap", "plan", "plan" }));
        Assert.That(decisions[^1].GetProperty("figures").GetProperty("stage").GetProperty("signed").GetProperty("silent").GetInt32(), Is.EqualTo(4));
        await _server.StopAsync();
        Assert.That(() => Execute("DELETE FROM rollout_decisions"), Throws.TypeOf<SqliteException>().With.Message.Contains("a decision is not deleted"));
        Assert.That(() => Execute("UPDATE rollout_decisions SET made_by = 'nobody'"), Throws.TypeOf<SqliteException>().With.Message.Contains("a decision is not changed"));
    }

    [Test]
    [Proves("O-10", "O-20", "O-21", "O-25")]
    public async Task A47_A48_Filters_caps_rates_and_windows_hold_over_a_restart()
    {
        for (int i = 0; i < _pumps.Length; i++)
        {
            await DescribeAsync(_pumps[i], new { site = i == 3 ? "bern" : "basel", time_zone = i == 0 ? "Asia/Tokyo" : "Europe/Zurich", tags = i == 1 ? [] : new[] { "icu" } });
        }

        DateTime wall = TimeZoneInfo.ConvertTime(_server.Clock.Now, TimeZoneInfo.FindSystemTimeZoneById("Europe/Zurich")).DateTime;
        string id = await StartAsync(new
        {
            product = "infusion-pump",
            version = "1.1.0",
            filter = new { tags = new[] { "icu" } },
            stages = new object[] { new { name = "all", percent = 100, strata = new[] { "site" }, cap = 2, grants_per_minute = 1 } },
            abort_after_failures = 1,
            timeout_minutes = 60,
            windows = new { times = new[] { new { from = wall.ToString("HH:mm"), to = wall.AddHours(1).ToString("HH:mm") } } },
        });
        await RestartAsync();
        Assert.That((await GrantedAsync()).Select(static p => p.Name), Is.EqualTo(new[] { "pump-3" }), "another hour in Tokyo, no tag, one a minute");
        await RestartAsync();
        _server.Clock.Now += TimeSpan.FromSeconds(59);
        Assert.That(await GrantedAsync(), Has.Length.EqualTo(1));
        _server.Clock.Now += TimeSpan.FromSeconds(1);
        Assert.That((await GrantedAsync()).Select(static p => p.Name), Is.EqualTo(new[] { "pump-3", "pump-4" }));
        await DescribeAsync(_pumps[0], new { site = "basel", time_zone = "Europe/Zurich", tags = new[] { "icu" } });
        _server.Clock.Now += TimeSpan.FromMinutes(2);
        Assert.That(await GrantedAsync(), Has.Length.EqualTo(2), "two at once");
        Assert.That((await _server.GetAsync($"/api/v1/rollouts/{id}")).GetProperty("stages")[0].GetProperty("members").GetInt32(), Is.EqualTo(3));
    }

    [Test]
    [Proves("O-5", "O-6")]
    public async Task A45_Where_approval_is_required_somebody_else_approves_exactly_this_plan()
    {
        await _server.RestartAsync(change: static s => s with { RolloutApproval = RolloutApproval.Required });
        HttpClient bob = await _server.JoinAsync("bob", new { role = "approver" });
        object plan = new { product = "infusion-pump", version = "1.1.0", stages = new object[] { new { name = "all" } }, abort_after_failures = 1 };
        JsonElement draft = await _server.PostAsync("/api/v1/rollouts", plan, HttpStatusCode.Created);
        string path = $"/api/v1/rollouts/{draft.GetProperty("id").GetString()}";
        object approval = new { manifest_digest = draft.GetProperty("manifest_digest").GetString(), plan_digest = draft.GetProperty("plan_digest").GetString() };
        Assert.That(Sha256Digest.Of(await _server.Operator.GetByteArrayAsync($"{path}/plan")).ToString(), Is.EqualTo(draft.GetProperty("plan_digest").GetString()));
        await IsRefusedAsync(_server.Operator, $"{path}/start", null);
        await IsRefusedAsync(_server.Operator, $"{path}/approve", approval);

        await IsRefusedAsync(bob, $"{path}/approve", new { manifest_digest = new string('0', 64), plan_digest = draft.GetProperty("plan_digest").GetString() });
        await ServerUnderTest.ReadAsync(await bob.PostAsJsonAsync($"{path}/approve", approval), HttpStatusCode.OK);
        using HttpResponseMessage edited = await _server.Operator.PutAsJsonAsync(path, new { product = "infusion-pump", version = "1.1.0", stages = new object[] { new { name = "all" } }, abort_after_failures = 2 });
        JsonElement after = await ServerUnderTest.ReadAsync(edited, HttpStatusCode.OK);
        Assert.That(after.GetProperty("approval").ValueKind, Is.EqualTo(JsonValueKind.Null));
        await IsRefusedAsync(_server.Operator, $"{path}/start", null);
        await IsRefusedAsync(bob, $"{path}/approve", approval);

        object again = new { manifest_digest = after.GetProperty("manifest_digest").GetString(), plan_digest = after.GetProperty("plan_digest").GetString() };
        await ServerUnderTest.ReadAsync(await bob.PostAsJsonAsync($"{path}/approve", again), HttpStatusCode.OK);
        await _server.RestartAsync(change: static s => s with { RolloutApproval = RolloutApproval.Required });
        JsonElement started = await _server.PostAsync($"{path}/start");
        Assert.That((started.GetProperty("state").GetString(), started.GetProperty("approval").GetProperty("by").GetString()), Is.EqualTo(("running", "bob")));
    }

    [Test]
    [Proves("O-24")]
    public async Task A48_A_device_goes_by_the_release_on_the_way_also_over_a_restart()
    {
        string id = await StartAsync(new
        {
            product = "infusion-pump",
            version = "1.2.0",
            stages = new object[] { new { name = "all" } },
            abort_after_failures = 1,
            pass_through = new[] { new { version = "1.1.0" } },
        });
        await RestartAsync();
        Assert.That(await _pumps[0].CheckInAsync(), Is.EqualTo(new Assignment($"{id}-pump-1", _release.TargetPath)));
        await _pumps[0].CheckInAsync(_pumps[0].Report(ReportState.Confirmed, $"{id}-pump-1", Digest(_release)) with { RunningVersion = ReleaseVersion.Parse("1.1.0") });
        await RestartAsync();
        _server.Clock.Now += TimeSpan.FromMinutes(1);
        Assert.That(
            await _pumps[0].CheckInAsync(_pumps[0].Report() with { RunningVersion = ReleaseVersion.Parse("1.1.0") }),
            Is.EqualTo(new Assignment($"{id}-pump-1~2", RepositorySimulator.PathOf("1.2.0"))));
    }

    [Test]
    [Proves("O-61")]
    public async Task Cancel_takes_back_what_has_not_begun()
    {
        string id = await StagesAsync(new { name = "all" });
        Assert.That(await GrantedAsync(), Has.Length.EqualTo(4));
        JsonElement rollout = await _server.PostAsync($"/api/v1/rollouts/{id}/cancel");
        Assert.That((rollout.GetProperty("state").GetString(), rollout.GetProperty("reason").GetString()), Is.EqualTo(("cancelled", "bootstrap cancelled it")));
        Assert.That(await GrantedAsync(), Is.Empty);
    }

    [Test]
    [Proves("O-7")]
    public async Task A48_Server_starts_without_the_time_zones_that_it_knew_and_says_so()
    {
        await DescribeAsync(_pumps[0], new { time_zone = "Asia/Tokyo" });
        string id = await StartAsync(new
        {
            product = "infusion-pump",
            version = "1.1.0",
            stages = new object[] { new { name = "all" } },
            abort_after_failures = 1,
            windows = new { time_zone = "Europe/Zurich", times = new[] { new { from = "00:00", to = "00:00" } } },
        });
        await _server.StopAsync();
        Execute("UPDATE rollouts SET plan = replace(plan, 'Europe/Zurich', 'Europe/Atlantis'); UPDATE device_traits SET time_zone = 'Asia/Atlantis'");
        await RestartAsync();
        Assert.That(await GrantedAsync(), Is.Empty);
        Assert.That(_server.LogText.ToString(), Does.Contain($"Rollout {id}: this machine has no time zone Europe/Atlantis").And.Contain("no time zone Asia/Atlantis (Debian: tzdata); it counts as unknown for 1 devices"));
    }

    [TestCase("""{"site":""}""", "ValueOutOfRange")]
    [TestCase("""{"time_zone":"Europe/Atlantis"}""", "ValueOutOfRange")]
    [TestCase("""{"tags":[null]}""", "ValueOutOfRange")]
    [TestCase("""{"colour":"red"}""", "Malformed")]
    public async Task P10_What_cannot_be_said_of_a_device_is_refused(string json, string reason)
    {
        using StringContent content = new(json, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _server.Operator.PutAsync("/api/v1/devices/pump-1/traits", content);
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.BadRequest, reason);
    }

    private static Sha256Digest Digest(SampleRelease release) => PublicationSource.DigestOf(release);

    private static async Task IsRefusedAsync(HttpClient client, string path, object? body)
    {
        using HttpResponseMessage response = body is null ? await client.PostAsync(path, null) : await client.PostAsJsonAsync(path, body);
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Conflict, "IllegalTransition");
    }

    private async Task DescribeAsync(SimulatedDevice pump, object traits)
    {
        using HttpResponseMessage response = await _server.Operator.PutAsJsonAsync($"/api/v1/devices/{pump.Name}/traits", traits);
        await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
    }

    private Task<string> StagesAsync(params object[] stages) => StartAsync(new { product = "infusion-pump", version = "1.1.0", stages, abort_after_failures = 1 });

    private async Task<string> StartAsync(object plan)
    {
        string id = (await _server.PostAsync("/api/v1/rollouts", plan, HttpStatusCode.Created)).GetProperty("id").GetString()!;
        await _server.PostAsync($"/api/v1/rollouts/{id}/start");
        return id;
    }

    private async Task<string?> StageAsync(string id) => (await _server.GetAsync($"/api/v1/rollouts/{id}")).GetProperty("stage").GetString();

    private async Task<SimulatedDevice[]> GrantedAsync()
    {
        List<SimulatedDevice> granted = [];
        foreach (SimulatedDevice pump in _pumps)
        {
            if (await pump.CheckInAsync() is not null)
            {
                granted.Add(pump);
            }
        }

        return [.. granted];
    }

    private async Task RestartAsync()
    {
        await _server.RestartAsync();
        foreach (SimulatedDevice pump in _pumps)
        {
            pump.Reconnect();
        }
    }

    private void Execute(string sql)
    {
        using SqliteConnection connection = new($"Data Source={_server.PathOf("data/server.db")}");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
