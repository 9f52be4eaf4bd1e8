using System.Net;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Rollouts;

/// <summary>What an absence of the server, and a pause, do to a rollout; over HTTP.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class InterruptionTests : IAsyncDisposable
{
    private ServerUnderTest _server = null!;
    private SimulatedDevice[] _pumps = null!;
    private SampleRelease _release = null!;

    [SetUp]
    public async Task PublishAndRegister()
    {
        _server = await ServerUnderTest.StartAsync();
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
    [Proves("O-52")]
    public async Task A48_Time_in_which_the_server_was_away_is_nobodys_silence()
    {
        string id = await StartAsync(new { product = "infusion-pump", version = "1.1.0", stages = new object[] { new { name = "all" } }, abort_after_failures = 3, timeout_minutes = 60 });
        await AllCheckInAsync();
        _server.Clock.Now += TimeSpan.FromHours(3);
        await RestartAsync();
        await _pumps[0].CheckInAsync(ReportState.Confirmed, $"{id}-pump-1", PublicationSource.DigestOf(_release));
        Assert.That((await _server.GetAsync($"/api/v1/rollouts/{id}")).GetProperty("state").GetString(), Is.EqualTo("running"), "the others had nobody to talk to");
    }

    [Test]
    [Proves("O-52")]
    public async Task A48_Time_in_which_the_server_was_away_is_no_soak_time()
    {
        string id = await StartAsync(new
        {
            product = "infusion-pump",
            version = "1.1.0",
            stages = new object[] { new { name = "canary", count = 2, minimum_sample = 1, soak_minutes = 60, abort_after_failures = 1 }, new { name = "rest" } },
            abort_after_failures = 3,
        });
        SimulatedDevice[] canaries = await AllCheckInAsync();
        await canaries[0].CheckInAsync(ReportState.Confirmed, $"{id}-{canaries[0].Name}", PublicationSource.DigestOf(_release));
        _server.Clock.Now += TimeSpan.FromHours(3);
        await RestartAsync();

        // The other canary rolled back meanwhile and says so in a moment; somebody else is quicker.
        await _pumps.Except(canaries).First().CheckInAsync();
        await canaries[1].CheckInAsync(ReportState.RolledBack, $"{id}-{canaries[1].Name}", PublicationSource.DigestOf(_release));
        JsonElement rollout = await _server.GetAsync($"/api/v1/rollouts/{id}");
        Assert.That((rollout.GetProperty("state").GetString(), rollout.GetProperty("stage").GetString()), Is.EqualTo(("aborted", "canary")));
    }

    [Test]
    [Proves("O-35")]
    public async Task A43_A_device_that_waits_for_a_gate_is_not_let_begin_while_its_rollout_is_paused()
    {
        string id = await StartAsync(new { product = "infusion-pump", version = "1.1.0", stages = new object[] { new { name = "all" } }, abort_after_failures = 3 });
        SimulatedDevice pump = (await AllCheckInAsync())[0];
        await pump.CheckInAsync(pump.Report(ReportState.Deferred, $"{id}-{pump.Name}", PublicationSource.DigestOf(_release)) with { Reason = RejectionReason.GateClosed, Detail = "in use" });
        Assert.That(await pump.CheckInAsync(), Is.Not.Null);
        await _server.PostAsync($"/api/v1/rollouts/{id}/pause");
        Assert.That(await pump.CheckInAsync(), Is.Null);
        Assert.That(await _pumps[1].CheckInAsync(), Is.Not.Null, "it says nothing of a gate, and may have begun");
        await _server.PostAsync($"/api/v1/rollouts/{id}/resume");
        Assert.That(await pump.CheckInAsync(), Is.EqualTo(new Assignment($"{id}-{pump.Name}", _release.TargetPath)));
    }

    private async Task<SimulatedDevice[]> AllCheckInAsync()
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

    private async Task<string> StartAsync(object plan)
    {
        string id = (await _server.PostAsync("/api/v1/rollouts", plan, HttpStatusCode.Created)).GetProperty("id").GetString()!;
        await _server.PostAsync($"/api/v1/rollouts/{id}/start");
        return id;
    }

    private async Task RestartAsync()
    {
        await _server.RestartAsync();
        foreach (SimulatedDevice pump in _pumps)
        {
            pump.Reconnect();
        }
    }
}
