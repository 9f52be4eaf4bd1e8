using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Access;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>The second server did not hear that a device was moved from basel to bern; whoever has a role at basel asks there.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class StaleScopeTests : IAsyncDisposable
{
    private const string Traits = "/api/v1/devices/pump-1/traits", Revocation = "/api/v1/devices/pump-1/revocation";

    private ServerPair _pair = null!;

    [SetUp]
    public async Task Start() => _pair = await ServerPair.StartAsync();

    public async ValueTask DisposeAsync() => await _pair.DisposeAsync();

    [Test]
    [Proves("U-13")]
    public async Task A45_A_device_that_was_moved_to_another_site_is_not_taken_from_it()
    {
        using HttpClient anna = await JoinAsync("operator");
        await MoveUnheardAsync();
        using HttpResponseMessage put = await anna.PutAsJsonAsync(Traits, new { site = "basel" }), patched = await anna.PatchAsJsonAsync(Traits, new { site = "basel" });
        await ServerUnderTest.IsRefusedAsync(put, HttpStatusCode.NotFound, "NotFound");
        await ServerUnderTest.IsRefusedAsync(patched, HttpStatusCode.NotFound, "NotFound");
        Assert.That((await _pair.One.GetAsync("/api/v1/devices/pump-1")).GetProperty("site").GetString(), Is.EqualTo("bern"));
    }

    [Test]
    [Proves("U-10", "U-13")]
    public async Task A45_A_device_that_was_moved_to_another_site_is_neither_shut_out_nor_let_in_from_the_old_one()
    {
        using HttpClient adam = await JoinAsync("administrator");
        await MoveUnheardAsync();
        using (HttpResponseMessage shut = await adam.PostAsJsonAsync(Revocation, new { reason = "out of spite" }))
        {
            await ServerUnderTest.IsRefusedAsync(shut, HttpStatusCode.NotFound, "NotFound");
        }

        await _pair.One.PostAsync(Revocation, new { reason = "stolen" });
        using HttpResponseMessage lifted = await adam.DeleteAsync(Revocation);
        await ServerUnderTest.IsRefusedAsync(lifted, HttpStatusCode.NotFound, "NotFound");
        Assert.That(await _pair.AskAsync("SELECT count(*) FROM device_revocations"), Is.EqualTo(1));
    }

    [Test]
    [Proves("U-10", "U-13")]
    public async Task A45_The_request_of_a_device_that_was_moved_to_another_site_is_not_answered_from_the_old_one()
    {
        using HttpClient pam = await JoinAsync("publisher");
        using HttpResponseMessage asked = await new RenewingDevice(_pair.One, "pump-1").AskAsync();
        Assert.That(asked.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        string request = (await _pair.One.GetAsync("/api/v1/enrolments"))[0].GetProperty("request_digest").GetString()!;
        await MoveUnheardAsync();
        using HttpResponseMessage refused = await pam.PostAsJsonAsync($"/api/v1/enrolments/{request}/refusal", new { detail = "no" });
        await ServerUnderTest.IsRefusedAsync(refused, HttpStatusCode.NotFound, "NotFound");
    }

    [Test]
    [Proves("U-11")]
    public async Task A45_A_draft_whose_plan_was_widened_is_not_started_by_whoever_had_all_of_it()
    {
        using HttpClient anna = await JoinAsync("operator");
        JsonElement draft = await _pair.One.PostAsync("/api/v1/rollouts", Plan("basel"), HttpStatusCode.Created);
        string id = draft.GetProperty("id").GetString()!;
        await _pair.Two.GoDeafAsync();
        using HttpResponseMessage widened = await _pair.One.Operator.PutAsJsonAsync($"/api/v1/rollouts/{id}", Plan("basel", "bern"));
        await ServerUnderTest.ReadAsync(widened, HttpStatusCode.OK);
        using HttpResponseMessage started = await anna.PostAsync($"/api/v1/rollouts/{id}/start", null);
        await ServerUnderTest.IsRefusedAsync(started, HttpStatusCode.Forbidden, "OutOfScope");
    }

    private static object Plan(params string[] sites) =>
        new { product = RepositorySimulator.ProductName, version = "1.1.0", stages = new[] { new { name = "all" } }, filter = new { sites }, abort_after_failures = 1, timeout_minutes = 60 };

    /// <summary>Somebody with this role at basel, where pump-1 stands, as a client of the second server, which knows all of it.</summary>
    private async Task<HttpClient> JoinAsync(string role)
    {
        await new SimulatedDevice(_pair.One, "pump-1").CheckInAsync();
        await MoveAsync("basel");
        await _pair.One.SetPersonAsync("somebody", new { role, sites = new[] { "basel" } });
        HttpClient somebody = _pair.Two.Bearer((await _pair.One.CreateTokenAsync("somebody")).GetProperty("token").GetString()!);
        await _pair.Two.HearsAsync(async () => (await somebody.GetAsync("/api/v1/whoami")).StatusCode == HttpStatusCode.OK);
        await _pair.Two.HearsAsync(async () => (await _pair.Two.GetAsync("/api/v1/devices")) is var devices && devices.GetArrayLength() == 1 && devices[0].GetProperty("site").GetString() == "basel");
        return somebody;
    }

    private async Task MoveUnheardAsync()
    {
        await _pair.Two.GoDeafAsync();
        await MoveAsync("bern");
    }

    private async Task MoveAsync(string site)
    {
        using HttpResponseMessage moved = await _pair.One.Operator.PutAsJsonAsync(Traits, new { site });
        await ServerUnderTest.ReadAsync(moved, HttpStatusCode.OK);
    }
}
