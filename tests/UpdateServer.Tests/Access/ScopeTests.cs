using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Access;

/// <summary>What the bounds of a role mean for rollouts and devices. Pumps 1 and 2 stand at basel, pump 3 at bern, of pump 4 nobody has said.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ScopeTests : IAsyncDisposable
{
    private const string Rollouts = "/api/v1/rollouts";

    private ServerUnderTest _server = null!;
    private SimulatedDevice[] _pumps = null!;

    [SetUp]
    public async Task Start()
    {
        _server = await ServerUnderTest.StartAsync();
        _server.Source.Add(SampleRelease.Create());
        using HttpResponseMessage published = await _server.PublishAsync();
        await ServerUnderTest.ReadAsync(published, HttpStatusCode.OK);
        _pumps = [.. Enumerable.Range(1, 4).Select(i => new SimulatedDevice(_server, $"pump-{i}"))];
        for (int i = 0; i < 4; i++)
        {
            await _pumps[i].CheckInAsync();
            if (i < 3)
            {
                using HttpResponseMessage described = await _server.Operator.PutAsJsonAsync($"/api/v1/devices/{_pumps[i].Name}/traits", new { site = i < 2 ? "basel" : "bern" });
                await ServerUnderTest.ReadAsync(described, HttpStatusCode.OK);
            }
        }
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    [Proves("U-10", "U-11")]
    public async Task A45_A_rollout_beyond_ones_sites_is_seen_and_stopped_and_not_steered()
    {
        using HttpClient anna = await JoinAsync("anna", "operator", "basel");
        string all = await CreateAsync(_server.Operator, null), both = await CreateAsync(_server.Operator, ["basel", "bern"]), bern = await CreateAsync(_server.Operator, ["bern"]), own = await CreateAsync(anna, ["basel"]);
        Assert.That(await ListAsync(anna, Rollouts, "id"), Is.EqualTo(new[] { all, both, own }));
        await IsAsync(anna, $"{Rollouts}/{bern}/pause", HttpStatusCode.NotFound, "NotFound");
        foreach (string id in (string[])[all, both])
        {
            await IsAsync(anna, $"{Rollouts}/{id}/start", HttpStatusCode.Forbidden, "OutOfScope");
            await IsAsync(anna, $"{Rollouts}/{id}/cancel", HttpStatusCode.Forbidden, "OutOfScope");
            using HttpResponseMessage edited = await anna.PutAsJsonAsync($"{Rollouts}/{id}", Plan(["basel"]));
            await ServerUnderTest.IsRefusedAsync(edited, HttpStatusCode.Forbidden, "OutOfScope");
        }

        using (HttpResponseMessage wider = await anna.PutAsJsonAsync($"{Rollouts}/{own}", Plan(null)), made = await anna.PostAsJsonAsync(Rollouts, Plan(["basel", "bern"])))
        {
            await ServerUnderTest.IsRefusedAsync(wider, HttpStatusCode.Forbidden, "OutOfScope");
            await ServerUnderTest.IsRefusedAsync(made, HttpStatusCode.Forbidden, "OutOfScope");
        }

        await _server.PostAsync($"{Rollouts}/{all}/start");
        using HttpResponseMessage paused = await anna.PostAsync($"{Rollouts}/{all}/pause", null);
        Assert.That((await ServerUnderTest.ReadAsync(paused, HttpStatusCode.OK)).GetProperty("state").GetString(), Is.EqualTo("paused"));
        await IsAsync(anna, $"{Rollouts}/{all}/resume", HttpStatusCode.Forbidden, "OutOfScope");
    }

    [Test]
    [Proves("U-12")]
    public async Task A44_Devices_of_other_sites_are_counted_and_not_named()
    {
        using HttpClient anna = await JoinAsync("anna", "viewer", "basel");
        string id = await CreateAsync(_server.Operator, null, abortAfter: 9);
        await _server.PostAsync($"{Rollouts}/{id}/start");
        foreach (SimulatedDevice pump in _pumps)
        {
            await pump.CheckInAsync();
            await pump.CheckInAsync(ReportState.Failed, $"{id}-{pump.Name}", Manifest.Sha256Digest.Parse((await _server.GetAsync($"{Rollouts}/{id}")).GetProperty("manifest_digest").GetString()!));
        }

        JsonElement mine = (await ReadAsync(anna, $"{Rollouts}/{id}")).GetProperty("stages")[0], whole = (await _server.GetAsync($"{Rollouts}/{id}")).GetProperty("stages")[0];
        Assert.That((mine.GetProperty("failed").GetInt32(), mine.GetProperty("failed_devices").ToString()), Is.EqualTo((4, """["pump-1","pump-2"]""")));
        Assert.That(whole.GetProperty("failed_devices").GetArrayLength(), Is.EqualTo(4));
        Assert.That(await ListAsync(anna, "/api/v1/devices", "device"), Is.EqualTo(new[] { "pump-1", "pump-2" }));
        Assert.That(await ListAsync(await JoinAsync("carl", "viewer", null), "/api/v1/devices", "device"), Has.Length.EqualTo(4));
    }

    [Test]
    [Proves("U-13")]
    public async Task A45_A_device_is_moved_neither_into_ones_site_nor_out_of_it()
    {
        using HttpClient anna = await JoinAsync("anna", "operator", "basel");
        await MoveAsync(anna, "pump-1", "basel", HttpStatusCode.OK, null);
        await MoveAsync(anna, "pump-1", "bern", HttpStatusCode.Forbidden, "OutOfScope");
        await MoveAsync(anna, "pump-1", null, HttpStatusCode.Forbidden, "OutOfScope");
        await MoveAsync(anna, "pump-3", "basel", HttpStatusCode.NotFound, "NotFound");
        await MoveAsync(anna, "pump-4", "basel", HttpStatusCode.NotFound, "NotFound");
        await MoveAsync(anna, "pump-99", "basel", HttpStatusCode.NotFound, "NotFound");
        await MoveAsync(_server.Operator, "pump-99", "basel", HttpStatusCode.OK, null);
    }

    [Test]
    [Proves("U-10")]
    public async Task A45_A_wide_role_does_not_widen_a_narrow_one()
    {
        using HttpClient anna = await _server.JoinAsync("anna", new { role = "viewer" }, new { role = "administrator" }, new { role = "operator", products = new[] { "ventilator" } });
        string id = await CreateAsync(_server.Operator, null);
        await ReadAsync(anna, $"{Rollouts}/{id}");
        await IsAsync(anna, $"{Rollouts}/{id}/start", HttpStatusCode.NotFound, "NotFound");
        using HttpResponseMessage made = await anna.PostAsJsonAsync(Rollouts, Plan(null));
        await ServerUnderTest.IsRefusedAsync(made, HttpStatusCode.Forbidden, "OutOfScope");
    }

    [Test]
    [Proves("U-6")]
    public async Task A45_Two_tokens_of_one_person_do_not_make_two_people()
    {
        await _server.RestartAsync(change: static s => s with { RolloutApproval = RolloutApproval.Required });
        await _server.SetPersonAsync("anna", new { role = "operator" }, new { role = "approver" });
        using HttpClient one = await TokenAsync("anna", "one"), two = await TokenAsync("anna", "two");
        string id = await CreateAsync(one, null);
        JsonElement draft = await ReadAsync(two, $"{Rollouts}/{id}");
        object approval = new { manifest_digest = draft.GetProperty("manifest_digest").GetString(), plan_digest = draft.GetProperty("plan_digest").GetString() };
        using HttpResponseMessage approved = await two.PostAsJsonAsync($"{Rollouts}/{id}/approve", approval);
        await ServerUnderTest.IsRefusedAsync(approved, HttpStatusCode.Conflict, "IllegalTransition");
    }

    private static object Plan(string[]? sites, int abortAfter = 1)
    {
        object[] stages = [new { name = "all" }];
        return sites is null
            ? new { product = "infusion-pump", version = "1.1.0", stages, abort_after_failures = abortAfter }
            : new { product = "infusion-pump", version = "1.1.0", stages, abort_after_failures = abortAfter, filter = new { sites } };
    }

    private static async Task<string> CreateAsync(HttpClient client, string[]? sites, int abortAfter = 1)
    {
        using HttpResponseMessage response = await client.PostAsJsonAsync(Rollouts, Plan(sites, abortAfter));
        return (await ServerUnderTest.ReadAsync(response, HttpStatusCode.Created)).GetProperty("id").GetString()!;
    }

    private static async Task IsAsync(HttpClient client, string path, HttpStatusCode status, string reason)
    {
        using HttpResponseMessage response = await client.PostAsync(path, null);
        await ServerUnderTest.IsRefusedAsync(response, status, reason);
    }

    private static async Task<JsonElement> ReadAsync(HttpClient client, string path)
    {
        using HttpResponseMessage response = await client.GetAsync(path);
        return await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
    }

    private static async Task<string?[]> ListAsync(HttpClient client, string path, string member) => [.. (await ReadAsync(client, path)).EnumerateArray().Select(e => e.GetProperty(member).GetString())];

    private static async Task MoveAsync(HttpClient client, string device, string? site, HttpStatusCode status, string? reason)
    {
        using HttpResponseMessage response = await client.PutAsJsonAsync($"/api/v1/devices/{device}/traits", new { site });
        if (reason is null)
        {
            await ServerUnderTest.ReadAsync(response, status);
        }
        else
        {
            await ServerUnderTest.IsRefusedAsync(response, status, reason);
        }
    }

    private async Task<HttpClient> JoinAsync(string name, string role, string? site) =>
        await _server.JoinAsync(name, site is null ? new { role, products = new[] { "infusion-pump" } } : new { role, products = new[] { "infusion-pump" }, sites = new[] { site } });

    private async Task<HttpClient> TokenAsync(string person, string name) => _server.Bearer((await _server.CreateTokenAsync(person, new { name })).GetProperty("token").GetString()!);
}
