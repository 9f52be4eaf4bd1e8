using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Api;

/// <summary>The fleet as operators see it: by pages, by one device, in numbers; and what they say of devices.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class FleetTests : IAsyncDisposable
{
    private readonly ServerUnderTest _server = ServerUnderTest.StartAsync().GetAwaiter().GetResult();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    public async Task Devices_come_by_pages_in_the_order_of_their_names_each_once()
    {
        await CheckInAsync("pump-5", "pump-1", "pump-3", "pump-2", "pump-4");
        List<string> names = [];
        for (string after = ""; ;)
        {
            string[] page = await NamesAsync($"limit=2&after={after}");
            names.AddRange(page);
            if (page.Length < 2)
            {
                break;
            }

            after = page[^1];
        }

        Assert.That(names, Is.EqualTo(new[] { "pump-1", "pump-2", "pump-3", "pump-4", "pump-5" }));
    }

    [TestCase("site=basel", "pump-1")]
    [TestCase("site=bern", "")]
    [TestCase("tag=icu", "pump-1 pump-2")]
    [TestCase("tag=icu&site=basel", "pump-1")]
    [TestCase("state=rolled_back", "pump-3")]
    [TestCase("version=1.0.0", "pump-1 pump-2 pump-3")]
    [TestCase("version=9.0.0", "")]
    [TestCase("product=infusion-pump", "pump-1 pump-2 pump-3")]
    [TestCase("product=ventilator", "")]
    public async Task Devices_are_listed_as_the_query_asks(string query, string wanted)
    {
        SimulatedDevice[] pumps = await CheckInAsync("pump-1", "pump-2", "pump-3");
        await PatchAsync("pump-1", new { site = "basel", add_tags = new[] { "icu" } });
        await PatchAsync("pump-2", new { add_tags = new[] { "icu", "night" } });
        await pumps[2].CheckInAsync(pumps[2].Report(ReportState.RolledBack, "r1-pump-3") with { Reason = RejectionReason.FailedBefore, Detail = "no" });
        Assert.That(await NamesAsync(query), Is.EqualTo(wanted.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
    }

    [TestCase("limit=0", "limit: wanted 1 to 1000, got 0")]
    [TestCase("limit=1001", "limit: wanted 1 to 1000, got 1001")]
    [TestCase("state=asleep", "state: wanted a state of a report, as docs/spec/device-api.md names them, got asleep")]
    [TestCase("sit=basel", "query: wanted product, site, tag, version, state, after, limit, got sit")]
    public async Task P10_Query_that_asks_for_what_there_is_not_is_refused(string query, string detail)
    {
        using HttpResponseMessage response = await _server.Operator.GetAsync($"/api/v1/devices?{query}");
        Assert.That(await response.Content.ReadAsStringAsync(), Does.Contain(detail));
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.BadRequest, "ValueOutOfRange");
    }

    [Test]
    public async Task One_device_is_shown_and_one_that_never_came_is_not_found()
    {
        await CheckInAsync("pump-1");
        Assert.That((await _server.GetAsync("/api/v1/devices/pump-1")).GetProperty("version").GetString(), Is.EqualTo("1.0.0"));
        using HttpResponseMessage response = await _server.Operator.GetAsync("/api/v1/devices/pump-2");
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.NotFound, "NotFound");
    }

    [Test]
    public async Task What_a_change_of_traits_does_not_name_stays_and_an_empty_text_takes_back()
    {
        await PatchAsync("pump-1", new { site = "basel", hardware = "rev-a", time_zone = "Europe/Zurich", add_tags = new[] { "icu", "night" } });
        JsonElement after = await PatchAsync("pump-1", new { hardware = "", remove_tags = new[] { "night" } });
        Assert.That(after.ToString(), Is.EqualTo("""{"site":"basel","hardware":null,"time_zone":"Europe/Zurich","tags":["icu"]}"""));
    }

    [TestCase("""{"time_zone":"Mars/Olympus"}""", "time_zone")]
    [TestCase("""{"add_tags":["icu"],"remove_tags":["icu"]}""", "remove_tags: wanted other tags than add_tags, got icu")]
    [TestCase("""{"add_tags":[""]}""", "tags: wanted 1 to 64 characters")]
    public async Task P10_Change_of_traits_that_says_what_cannot_be_changes_nothing(string patch, string detail)
    {
        await PatchAsync("pump-1", new { site = "basel" });
        using StringContent content = new(patch, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _server.Operator.PatchAsync("/api/v1/devices/pump-1/traits", content);
        Assert.That(await response.Content.ReadAsStringAsync(), Does.Contain(detail));
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.BadRequest, "ValueOutOfRange");
        Assert.That((await PatchAsync("pump-1", new { })).ToString(), Is.EqualTo("""{"site":"basel","hardware":null,"time_zone":null,"tags":[]}"""));
    }

    [Test]
    public async Task Two_who_change_traits_at_the_same_time_both_keep_their_word()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => PatchAsync("pump-1", new { add_tags = new[] { $"tag-{i}" } })));
        Assert.That((await PatchAsync("pump-1", new { })).GetProperty("tags").GetArrayLength(), Is.EqualTo(20));
    }

    [Test]
    public async Task Status_counts_each_device_once_by_release_by_word_and_by_silence()
    {
        await CheckInAsync("pump-1");
        _server.Clock.Now += TimeSpan.FromDays(2);
        SimulatedDevice[] pumps = await CheckInAsync("pump-2", "pump-3");
        await pumps[0].CheckInAsync(pumps[0].Report(ReportState.Failed, "r1-pump-2") with { Reason = RejectionReason.StorageFailed, Detail = "no" });
        JsonElement product = (await _server.GetAsync("/api/v1/fleet/status")).GetProperty("products").EnumerateArray().Single();
        Assert.That(product.ToString(), Is.EqualTo(
            """{"product":"infusion-pump","devices":3,"versions":[{"name":"1.0.0","devices":3}],"states":[{"name":"idle","devices":2},{"name":"failed","devices":1}],"seen":{"within_hour":2,"within_day":0,"within_week":1,"longer":0},"rollout":null}"""));
    }

    private async Task<SimulatedDevice[]> CheckInAsync(params string[] names)
    {
        SimulatedDevice[] devices = [.. names.Select(n => new SimulatedDevice(_server, n))];
        foreach (SimulatedDevice device in devices)
        {
            await device.CheckInAsync();
        }

        return devices;
    }

    private async Task<string[]> NamesAsync(string query) => [.. (await _server.GetAsync($"/api/v1/devices?{query}")).EnumerateArray().Select(static d => d.GetProperty("device").GetString()!)];

    private async Task<JsonElement> PatchAsync(string device, object patch)
    {
        using HttpResponseMessage response = await _server.Operator.PatchAsJsonAsync($"/api/v1/devices/{device}/traits", patch);
        return await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
    }
}
