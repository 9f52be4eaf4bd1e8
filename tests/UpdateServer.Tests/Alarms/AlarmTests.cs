using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Tests.Access;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Alarms;

/// <summary>Alarms, from what a server sees to whoever looks (docs/spec/alarms.md).</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class AlarmTests
{
    /// <summary>So far apart that a day is soon over, and no break.</summary>
    private static readonly TimeSpan s_step = TimeSpan.FromMinutes(4);

    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task Start() => _server = await ServerUnderTest.StartAsync();

    [TearDown]
    public async Task Stop() => await _server.DisposeAsync();

    [Test]
    [Proves("V-1", "V-2")]
    public async Task A_floor_that_went_down_is_told_of_at_once_and_once()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        foreach (uint floor in (uint[])[3, 2, 2, 1])
        {
            await pump.CheckInAsync(pump.Report() with { Floor = new SecurityVersion(floor) });
        }

        Assert.That(await AlarmsAsync(), Is.EqualTo(new[] { "floor_lowered pump-0001" }));
        await pump.CheckInAsync(pump.Report() with { Floor = new SecurityVersion(2) });
        _server.Clock.Pass(TimeSpan.FromHours(1), s_step);
        Assert.That(await AlarmsAsync(), Has.Length.EqualTo(1), "it was 3");
        await pump.CheckInAsync(pump.Report() with { Floor = new SecurityVersion(3) });
        _server.Clock.Pass(TimeSpan.FromMinutes(1));
        Assert.That(await AlarmsAsync(), Is.Empty);
        Assert.That(await AlarmsAsync("?all=true"), Is.EqualTo(new[] { "floor_lowered pump-0001" }));
    }

    [Test]
    [Proves("V-1", "V-5")]
    public async Task A04_A_floor_that_goes_down_from_a_higher_place_while_the_alarm_lasts_is_judged_by_that()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        foreach (uint floor in (uint[])[5, 3, 10, 6])
        {
            await pump.CheckInAsync(pump.Report() with { Floor = new SecurityVersion(floor) });
        }

        _server.Clock.Pass(TimeSpan.FromMinutes(61), s_step);
        JsonElement alarm = (await PageAsync("", null)).GetProperty("alarms")[0];
        Assert.That((alarm.GetProperty("alarm").GetString(), alarm.GetProperty("detail").GetString()), Is.EqualTo(("floor_lowered", "its floor is 6, and was 10")));
    }

    [Test]
    [Proves("V-5")]
    public async Task A07_A_device_that_says_another_floor_with_each_report_is_told_of_once_an_hour()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        for (int i = 0; i < 40; i++)
        {
            await pump.CheckInAsync(pump.Report() with { Floor = new SecurityVersion(3 - (uint)(i % 2)) });
            _server.Clock.Pass(TimeSpan.FromMinutes(2));
        }

        Assert.That(await AlarmsAsync("?all=true"), Has.Length.InRange(1, 2));
    }

    [Test]
    [Proves("V-1", "V-7")]
    public async Task Log_that_nobody_signs_any_more_is_told_of_until_somebody_does()
    {
        AuditSigner signer = new();
        _server.Clock.Pass(TimeSpan.FromHours(2), s_step);
        Assert.That(await AlarmsAsync(), Is.Empty, "nobody ever signed here");
        await signer.SignAsync(_server);
        await new SimulatedDevice(_server, "pump-0001").CheckInAsync();
        _server.Clock.Pass(TimeSpan.FromMinutes(59), s_step);
        Assert.That(await AlarmsAsync(), Is.Empty);
        _server.Clock.Pass(TimeSpan.FromMinutes(2));
        Assert.That(await AlarmsAsync(), Is.EqualTo(new[] { "log_unsigned the log" }));
        _server.Clock.Pass(TimeSpan.FromMinutes(70), s_step);
        Assert.That(await AlarmsAsync(), Has.Length.EqualTo(1));
        await signer.SignAsync(_server);
        _server.Clock.Pass(TimeSpan.FromMinutes(1));
        Assert.That(await AlarmsAsync(), Is.Empty);
    }

    [Test]
    [Proves("V-1")]
    public async Task A03_Idle_device_that_finds_no_fresh_metadata_is_told_of_while_it_says_so()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        await pump.CheckInAsync();
        _server.Clock.Pass(TimeSpan.FromMinutes(1));
        Assert.That(await AlarmsAsync(), Is.Empty);
        await pump.CheckInAsync(pump.Report() with { Reason = RejectionReason.MetadataExpired, Detail = "timestamp: wanted one that is not expired, got none" });
        _server.Clock.Pass(TimeSpan.FromMinutes(1));
        Assert.That(await AlarmsAsync(), Is.EqualTo(new[] { "metadata_stale pump-0001" }));
        Assert.That((await _server.GetAsync("/api/v1/devices/pump-0001")).GetProperty("reason").GetString(), Is.EqualTo("MetadataExpired"));
        await pump.CheckInAsync();
        _server.Clock.Pass(TimeSpan.FromMinutes(61), s_step); // V-5
        Assert.That(await AlarmsAsync(), Is.Empty);
    }

    [Test]
    [Proves("V-1")]
    public async Task A51_Idle_device_that_finds_another_log_than_it_pinned_is_told_of_while_it_says_so()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        await pump.CheckInAsync(pump.Report() with { Reason = RejectionReason.ForeignLog, Detail = "timestamp: wanted log updates.example/audit, got none" });
        _server.Clock.Pass(TimeSpan.FromMinutes(1));
        Assert.That(await AlarmsAsync(), Is.EqualTo(new[] { "metadata_refused pump-0001" }));
        await pump.CheckInAsync();
        _server.Clock.Pass(TimeSpan.FromMinutes(61), s_step); // V-5
        Assert.That(await AlarmsAsync(), Is.Empty);
    }

    [Test]
    [Proves("V-1")]
    public async Task A_device_that_runs_what_nobody_asked_it_for_is_told_of()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        await pump.CheckInAsync();
        pump.Running = Sha256Digest.Of("from a stick"u8);
        await pump.CheckInAsync();
        Assert.That(await AlarmsAsync(), Is.EqualTo(new[] { "unassigned_version pump-0001" }));
    }

    [Test]
    [Proves("V-1", "V-2")]
    public async Task A44_Two_devices_with_one_key_are_told_of_and_a_report_that_comes_twice_is_not()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        DeviceReport report = pump.Report();
        await pump.CheckInAsync(report);
        await pump.CheckInAsync(report);
        _server.Clock.Pass(TimeSpan.FromMinutes(1));
        Assert.That(await AlarmsAsync(), Is.Empty);
        for (int copies = 0; copies < 3; copies++)
        {
            await pump.CheckInAsync(report with { Nonce = RandomNumberGenerator.GetBytes(DeviceReport.NonceSize) });
        }

        _server.Clock.Pass(TimeSpan.FromMinutes(2));
        Assert.That(await AlarmsAsync(), Is.EqualTo(new[] { "certificate_twice pump-0001" }));
        _server.Clock.Pass(TimeSpan.FromHours(25), s_step);
        Assert.That(await AlarmsAsync(), Is.Empty);
        Assert.That(await AlarmsAsync("?all=true"), Has.Length.EqualTo(1));
    }

    [Test]
    [Proves("V-1")]
    public async Task A44_Copy_of_a_key_that_counts_ahead_is_told_of_when_the_true_device_goes_on()
    {
        SimulatedDevice pump = new(_server, "pump-0001");
        await pump.CheckInAsync();
        DeviceReport late = pump.Report();
        pump.Reconnect();
        await pump.CheckInAsync(pump.Report() with { Ordinal = late.Ordinal + 100 }); // by whoever has the copy
        await pump.CheckInAsync(late);
        await pump.CheckInAsync(late);
        _server.Clock.Pass(TimeSpan.FromMinutes(1));
        Assert.That(await AlarmsAsync(), Is.Empty, "one report may be late, and come again");
        await pump.CheckInAsync(pump.Report() with { Ordinal = late.Ordinal + 1 });
        _server.Clock.Pass(TimeSpan.FromMinutes(2));
        Assert.That(await AlarmsAsync(), Is.EqualTo(new[] { "certificate_twice pump-0001" }));
    }

    [Test]
    [Proves("V-1")]
    public async Task A44_Two_keys_that_take_turns_under_one_name_are_told_of_and_a_device_that_was_given_a_new_one_is_not()
    {
        SimulatedDevice pump = new(_server, "pump-0001"), remade = new(_server, "pump-0001");
        await pump.CheckInAsync();
        await remade.CheckInAsync();
        await remade.CheckInAsync();
        _server.Clock.Pass(TimeSpan.FromMinutes(1));
        Assert.That(await AlarmsAsync(), Is.Empty);
        await pump.CheckInAsync();
        _server.Clock.Pass(TimeSpan.FromMinutes(2));
        Assert.That(await AlarmsAsync(), Is.EqualTo(new[] { "certificate_twice pump-0001" }));
    }

    [Test]
    [Proves("V-1", "V-3")]
    public async Task A_device_that_was_not_heard_of_for_days_is_told_of_until_it_comes()
    {
        await _server.RestartAsync(change: static s => s with { Alarms = new AlarmSettings { SilentDays = 1 } });
        SimulatedDevice pump = new(_server, "pump-0001");
        await pump.CheckInAsync();
        _server.Clock.Now += TimeSpan.FromDays(3);
        _server.Clock.Pass(TimeSpan.FromMinutes(3));
        Assert.That(await AlarmsAsync(), Is.Empty, "the server itself was away");
        _server.Clock.Pass(TimeSpan.FromHours(25), s_step);
        Assert.That(await AlarmsAsync(), Is.EqualTo(new[] { "metadata_stale pump-0001" }));
        await pump.CheckInAsync();
        _server.Clock.Pass(TimeSpan.FromHours(1), s_step);
        Assert.That(await AlarmsAsync(), Is.Empty);
    }

    [Test]
    [Proves("V-1", "V-4")]
    public async Task A_burst_of_refusals_is_told_of_to_whoever_may_see_everything()
    {
        await _server.RestartAsync(change: static s => s with { Alarms = new AlarmSettings { Refusals = 10 } });
        HttpClient bounded = await _server.JoinAsync("ben", new { role = "viewer", products = new[] { "infusion-pump" } });
        for (int i = 0; i < 10; i++)
        {
            using HttpResponseMessage refused = await _server.Anonymous.GetAsync("/api/v1/devices");
            Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        }

        _server.Clock.Pass(TimeSpan.FromMinutes(1));
        Assert.That(await AlarmsAsync(), Is.EqualTo(new[] { $"refusal_burst server {await File.ReadAllTextAsync(_server.PathOf("data/server-id"))}" }));
        Assert.That(await AlarmsAsync(by: bounded), Is.Empty);
    }

    [Test]
    [Proves("V-4")]
    public async Task Alarms_come_in_pages_and_of_devices_in_scope_alone()
    {
        foreach ((string name, string site) in new[] { ("pump-0001", "basel"), ("pump-0002", "bern"), ("pump-0003", "basel"), ("pump-0004", "bern"), ("pump-0005", "basel") })
        {
            SimulatedDevice pump = new(_server, name);
            await pump.CheckInAsync();
            using HttpResponseMessage said = await _server.Operator.PutAsync($"/api/v1/devices/{name}/traits", System.Net.Http.Json.JsonContent.Create(new { site }));
            await ServerUnderTest.ReadAsync(said, HttpStatusCode.OK);
            await pump.CheckInAsync(pump.Report() with { Floor = new SecurityVersion(0) });
        }

        HttpClient basel = await _server.JoinAsync("ben", new { role = "viewer", products = new[] { "infusion-pump" }, sites = new[] { "basel" } });
        Assert.That(await AlarmsAsync(by: basel), Is.EqualTo(new[] { "floor_lowered pump-0005", "floor_lowered pump-0003", "floor_lowered pump-0001" }));
        JsonElement first = await PageAsync("?limit=2", basel);
        long next = first.GetProperty("next").GetInt64();
        JsonElement second = await PageAsync($"?limit=2&before={next}", basel);
        Assert.That((first.GetProperty("alarms").GetArrayLength(), second.GetProperty("alarms")[0].GetProperty("subject").GetString(), second.GetProperty("next").ValueKind), Is.EqualTo((2, "pump-0001", JsonValueKind.Null)));
        using HttpResponseMessage wrong = await _server.Operator.GetAsync("/api/v1/alarms?limit=0");
        await ServerUnderTest.IsRefusedAsync(wrong, HttpStatusCode.BadRequest, nameof(RejectionReason.ValueOutOfRange));
    }

    private async Task<string[]> AlarmsAsync(string query = "", HttpClient? by = null) =>
        [.. (await PageAsync(query, by)).GetProperty("alarms").EnumerateArray().Select(static a => $"{a.GetProperty("alarm").GetString()} {a.GetProperty("subject").GetString()}")];

    private async Task<JsonElement> PageAsync(string query, HttpClient? by)
    {
        using HttpResponseMessage response = await (by ?? _server.Operator).GetAsync($"/api/v1/alarms{query}");
        return await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
    }
}
