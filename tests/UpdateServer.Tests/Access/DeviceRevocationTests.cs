using System.Net;
using System.Text.Json;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Access;

/// <summary>Devices that an administrator shuts out.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DeviceRevocationTests : IAsyncDisposable
{
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task Start() => _server = await ServerUnderTest.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    [Proves("U-46")]
    public async Task A44_A_device_that_is_shut_out_by_name_is_nobody_at_once_until_it_is_let_in_again()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        await pump.CheckInAsync();
        JsonElement revoked = await _server.PostAsync("/api/v1/devices/pump-0001/revocation", new { reason = "stolen from ward 3" });
        Assert.That((revoked.GetProperty("by").GetString(), revoked.GetProperty("key_id").ValueKind), Is.EqualTo(("bootstrap", JsonValueKind.Null)));
        await IsNobodyAsync(pump);
        await _server.RestartAsync();
        pump.Reconnect();
        await IsNobodyAsync(pump);
        using HttpResponseMessage renewal = await new RenewingDevice(_server, "pump-0001").AskAsync();
        await ServerUnderTest.IsRefusedAsync(renewal, HttpStatusCode.Unauthorized, "Unauthorized");
        await IsNobodyAsync(new SimulatedDevice(_server, "pump-0001"));
        using HttpResponseMessage lifted = await _server.Operator.DeleteAsync("/api/v1/devices/pump-0001/revocation");
        Assert.That(lifted.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        await pump.CheckInAsync();
    }

    [Test]
    [Proves("U-46")]
    public async Task A44_A_key_that_is_shut_out_stays_so_and_its_device_comes_back_with_another()
    {
        SimulatedDevice stolen = new(_server, "pump-0001"), remade = new(_server, "pump-0001");
        await _server.PostAsync("/api/v1/devices/pump-0001/revocation", new { reason = "key known", key_id = stolen.PublicKey.Id.ToString() });
        await IsNobodyAsync(stolen);
        await remade.CheckInAsync();
        using HttpResponseMessage lifted = await _server.Operator.DeleteAsync("/api/v1/devices/pump-0001/revocation");
        await ServerUnderTest.IsRefusedAsync(lifted, HttpStatusCode.NotFound, "NotFound");
        await _server.RestartAsync();
        stolen.Reconnect();
        await IsNobodyAsync(stolen);
        Assert.That((await _server.GetAsync("/api/v1/device-revocations"))[0].GetProperty("key_id").GetString(), Is.EqualTo(stolen.PublicKey.Id.ToString()));
    }

    [Test]
    [Proves("O-29", "U-46")]
    public async Task A_device_that_is_shut_out_is_let_go_at_once_and_taken_again_when_it_is_let_in()
    {
        _server.Source.Add(SampleRelease.Create());
        using HttpResponseMessage published = await _server.PublishAsync();
        await ServerUnderTest.ReadAsync(published, HttpStatusCode.OK);
        SimulatedDevice pump = new(_server, "pump-0001"), other = new(_server, "pump-0002");
        await pump.CheckInAsync();
        await other.CheckInAsync();
        JsonElement draft = await _server.PostAsync("/api/v1/rollouts", new { product = "infusion-pump", version = "1.1.0", stages = new[] { new { name = "all" } }, abort_after_failures = 2 }, HttpStatusCode.Created);
        string id = draft.GetProperty("id").GetString()!;
        await _server.PostAsync($"/api/v1/rollouts/{id}/start");
        Assert.That((await pump.CheckInAsync())!.Deployment, Is.EqualTo($"{id}-pump-0001"));
        await _server.PostAsync("/api/v1/devices/pump-0001/revocation", new { reason = "lost" });
        Assert.That(await MembersAsync(), Is.EqualTo((1, 0)));
        await _server.RestartAsync();
        Assert.That(await MembersAsync(), Is.EqualTo((1, 0)), "what is stored says the same");
        using HttpResponseMessage lifted = await _server.Operator.DeleteAsync("/api/v1/devices/pump-0001/revocation");
        Assert.That(lifted.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        _server.Clock.Pass(TimeSpan.FromMinutes(1));
        pump.Reconnect();
        Assert.That((await pump.CheckInAsync())!.Deployment, Is.EqualTo($"{id}-pump-0001~2"));
        Assert.That(await MembersAsync(), Is.EqualTo((2, 1)));

        async Task<(int Members, int Granted)> MembersAsync()
        {
            JsonElement stage = (await _server.GetAsync($"/api/v1/rollouts/{id}")).GetProperty("stages")[0];
            return (stage.GetProperty("members").GetInt32(), stage.GetProperty("granted").GetInt32());
        }
    }

    [TestCase("", null)]
    [TestCase("a\nb", null)]
    [TestCase("stolen", "abc")]
    [Proves("U-46")]
    public async Task A_revocation_that_says_no_reason_or_no_key_is_refused(string reason, string? key)
    {
        JsonElement refused = await _server.PostAsync("/api/v1/devices/pump-0001/revocation", new { reason, key_id = key }, HttpStatusCode.BadRequest);
        Assert.That(refused.GetProperty("reason").GetString(), Is.EqualTo("ValueOutOfRange"));
        Assert.That((await _server.GetAsync("/api/v1/device-revocations")).GetArrayLength(), Is.Zero);
    }

    // The very answer of a device of another authority: nothing says that there is anything to know.
    private async Task IsNobodyAsync(SimulatedDevice device)
    {
        SimulatedDevice foreign = new(_server, "pump-0001", static key => new TestCa("Other CA").IssueDevice("pump-0001", key));
        using HttpResponseMessage response = await device.PostAsync(device.Sign(device.Report())), other = await foreign.PostAsync(foreign.Sign(foreign.Report()));
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.Unauthorized, "Unauthorized");
        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo(await other.Content.ReadAsStringAsync()));
    }
}
