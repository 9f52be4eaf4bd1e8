using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Tests.Access;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>Two servers over one PostgreSQL.</summary>
public sealed class SeveralServersTests
{
    private static readonly Sha256Digest s_release = PublicationSource.DigestOf(SampleRelease.Create());

    [Test]
    public async Task A48_Two_servers_that_start_at_once_on_an_empty_database_both_serve_and_make_one_token()
    {
        PostgresServer postgres = await PostgresServer.SharedAsync;
        DatabaseSettings database = new() { Connection = await postgres.CreateDatabaseAsync() };
        PublicationSource source = new();
        Task<ServerUnderTest>[] starting = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() => ServerUnderTest.StartAsync(source, database, "of the other")))];
        ServerUnderTest[] servers = await Task.WhenAll(starting);
        Assert.That(servers.Count(static s => File.Exists(s.PathOf("data/bootstrap-token"))), Is.EqualTo(1));
        foreach (ServerUnderTest server in servers)
        {
            Assert.That(await server.Anonymous.GetStringAsync("/health"), Does.Contain("ok"));
            await server.DisposeAsync();
        }
    }

    [Test]
    public async Task What_one_server_was_told_the_other_knows_without_being_asked()
    {
        await using ServerPair pair = await ServerPair.StartAsync();
        await pair.One.Operator.PutAsJsonAsync("/api/v1/devices/pump-0001/traits", new { site = "Basel" });
        await pair.RegisterAsync(1);
        await pair.RollOutAsync(new { name = "all" });
        await pair.Two.HearsAsync(async () => (await pair.Two.GetAsync("/api/v1/rollouts")).EnumerateArray().Any(static r => r.GetProperty("state").GetString() == "running"));
        await pair.Two.HearsAsync(async () => (await pair.Two.GetAsync("/api/v1/releases")).GetArrayLength() == 1);
        JsonElement device = (await pair.Two.GetAsync("/api/v1/devices")).EnumerateArray().Single();
        Assert.That((device.GetProperty("device").GetString(), device.GetProperty("site").GetString()), Is.EqualTo(("pump-0001", "Basel")));
        Assert.That(await pair.Two.Anonymous.GetByteArrayAsync("/repo/metadata/timestamp.json"), Is.EqualTo(await pair.One.Anonymous.GetByteArrayAsync("/repo/metadata/timestamp.json")));
    }

    [Test]
    public async Task A45_A_token_is_good_at_both_servers_until_one_takes_it_back()
    {
        await using ServerPair pair = await ServerPair.StartAsync(publish: false);
        await pair.One.SetPersonAsync("ann", new { role = "viewer" });
        JsonElement token = await pair.One.CreateTokenAsync("ann");
        using HttpClient ann = pair.Two.Bearer(token.GetProperty("token").GetString()!);
        await pair.Two.HearsAsync(async () => await StatusAsync(ann) == HttpStatusCode.OK);
        using HttpResponseMessage revoked = await pair.One.Operator.DeleteAsync($"/api/v1/operators/ann/tokens/{token.GetProperty("id").GetString()}");
        Assert.That(revoked.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        await pair.Two.HearsAsync(async () => await StatusAsync(ann) == HttpStatusCode.Unauthorized);
    }

    [Test]
    public async Task A_member_that_one_server_shut_out_is_let_go_by_both_and_its_place_is_another_ones()
    {
        await using ServerPair pair = await ServerPair.StartAsync();
        SimulatedDevice[] pumps = await pair.RegisterAsync(2);
        string id = await pair.RollOutAsync(new { name = "all", cap = 1 });
        SimulatedDevice? held = null;
        foreach (SimulatedDevice pump in pumps)
        {
            held = await pump.At(pair.One).CheckInAsync() is null ? held : pump;
        }

        await pair.Two.PostAsync($"/api/v1/devices/{held!.Name}/revocation", new { reason = "lost" });
        await pair.One.HearsAsync(async () => (await pair.One.GetAsync($"/api/v1/rollouts/{id}")).GetProperty("stages")[0].GetProperty("members").GetInt32() == 1);
        SimulatedDevice other = pumps.Single(p => p != held);
        Assert.That(await other.At(pair.One).CheckInAsync(), Is.Not.Null);
        Assert.That((await pair.Two.GetAsync($"/api/v1/rollouts/{id}/decisions")).EnumerateArray().Count(static d => d.GetProperty("decision").GetString() == "devices_left"), Is.EqualTo(1), "decided once");
    }

    [Test]
    public async Task A44_A_name_that_one_server_was_told_to_be_another_products_is_so_at_the_other()
    {
        await using ServerPair pair = await ServerPair.StartAsync(publish: false);
        SimulatedDevice[] pumps = await pair.RegisterAsync(1);
        using HttpResponseMessage assigned = await pair.One.Operator.PutAsJsonAsync("/api/v1/devices/pump-0001/product", new { product = "ventilator" });
        await ServerUnderTest.ReadAsync(assigned, HttpStatusCode.OK);
        await pair.Two.HearsAsync(async () => (await pair.Two.GetAsync("/api/v1/devices")).GetArrayLength() == 0);
        SimulatedDevice there = pumps[0].At(pair.Two);
        using HttpResponseMessage refused = await there.PostAsync(there.Sign(there.Report()));
        await ServerUnderTest.IsRefusedAsync(refused, HttpStatusCode.Forbidden, "ForeignReport");
        SimulatedDevice ventilator = new(pair.Two, "pump-0001", static key => ServerUnderTest.DeviceCa.IssueDevice("pump-0001", key, "ventilator"));
        await ventilator.CheckInAsync(ventilator.Report() with { Product = ProductName.Parse("ventilator") });
        await pair.One.HearsAsync(async () => (await pair.One.GetAsync("/api/v1/devices")).GetArrayLength() == 1);
        Assert.That((await pair.One.GetAsync("/api/v1/devices"))[0].GetProperty("product").GetString(), Is.EqualTo("ventilator"));
    }

    [Test]
    public async Task A44_A_device_that_one_server_shut_out_is_nobody_at_the_other()
    {
        await using ServerPair pair = await ServerPair.StartAsync(publish: false);
        SimulatedDevice[] pumps = await pair.RegisterAsync(1);
        await pair.One.PostAsync("/api/v1/devices/pump-0001/revocation", new { reason = "stolen" });
        await pair.Two.HearsAsync(async () => (await pair.Two.GetAsync("/api/v1/device-revocations")).GetArrayLength() == 1);
        SimulatedDevice there = pumps[0].At(pair.Two);
        using HttpResponseMessage refused = await there.PostAsync(there.Sign(there.Report()));
        await ServerUnderTest.IsRefusedAsync(refused, HttpStatusCode.Unauthorized, "Unauthorized");
    }

    [Test]
    public async Task A47_Caps_hold_and_nothing_is_granted_twice_when_devices_ask_both_servers_at_once()
    {
        const int cap = 5, devices = 12;
        await using ServerPair pair = await ServerPair.StartAsync();
        SimulatedDevice[] pumps = await pair.RegisterAsync(devices);
        string id = await pair.RollOutAsync(new { name = "all", cap });
        for (int round = 0, confirmed = 0; confirmed < pumps.Length; round++)
        {
            // Each asks one server and then the other: the answer is the same, or none.
            (Assignment? First, Assignment? Second)[] asked = await Task.WhenAll(pumps.Select(async (p, i) =>
                (await p.At(i % 2 == 0 ? pair.One : pair.Two).CheckInAsync(), await p.At(i % 2 == 0 ? pair.Two : pair.One).CheckInAsync())));
            (SimulatedDevice Pump, Assignment Assigned)[] granted = [.. pumps.Zip(asked).Where(static a => a.Second.Second is not null).Select(static a => (a.First, a.Second.Second!))];
            Assert.That(granted, Has.Length.EqualTo(Math.Min(cap, pumps.Length - confirmed)), $"round {round}");
            Assert.That(asked.Where(static a => a.First is not null).All(static a => a.First == a.Second), "what was granted stays");
            foreach ((SimulatedDevice pump, Assignment assigned) in granted)
            {
                pump.Running = s_release;
            }

            await Task.WhenAll(granted.Select(static g => g.Pump.CheckInAsync(ReportState.Confirmed, g.Assigned.Deployment, s_release)));
            confirmed += granted.Length;
        }

        await pair.Two.HearsAsync(async () => (await pair.Two.GetAsync($"/api/v1/rollouts/{id}")).GetProperty("state").GetString() == "completed");
        Assert.That(await pair.AskAsync("SELECT count(*) FROM reports"), Is.EqualTo(devices), "every report that names a deployment, once");
        Assert.That(await pair.AskAsync("SELECT count(DISTINCT device) FROM reports"), Is.EqualTo(devices));
        Assert.That(await pair.AskAsync("SELECT count(*) FROM rollout_decisions WHERE kind = 'Completed'"), Is.EqualTo(1), "what is decided is decided once");
    }

    [Test]
    public async Task A_pause_at_one_server_stops_grants_at_the_other_at_once()
    {
        await using ServerPair pair = await ServerPair.StartAsync();
        SimulatedDevice[] pumps = await pair.RegisterAsync(2);
        string id = await pair.RollOutAsync(new { name = "all" });
        await pair.Two.HearsAsync(async () => await pumps[0].At(pair.Two).CheckInAsync() is not null);
        await pair.One.PostAsync($"/api/v1/rollouts/{id}/pause");
        Assert.That(await pumps[1].At(pair.Two).CheckInAsync(), Is.Null);
    }

    [Test]
    public async Task P5_A_release_that_one_server_heard_to_be_withdrawn_is_granted_by_none()
    {
        await using ServerPair pair = await ServerPair.StartAsync();
        SimulatedDevice[] pumps = await pair.RegisterAsync(1);
        string id = await pair.RollOutAsync(new { name = "all" });
        pair.One.Source.Repository.Pump.Targets.Remove(SampleRelease.Create().TargetPath);
        pair.One.Source.Repository.Publish();
        using (HttpResponseMessage response = await pair.One.PublishAsync())
        {
            await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
        }

        Assert.That(await pumps[0].At(pair.Two).CheckInAsync(), Is.Null);
        Assert.That((await pair.Two.GetAsync($"/api/v1/rollouts/{id}")).GetProperty("state").GetString(), Is.EqualTo("aborted"));
    }

    [Test]
    public async Task A_check_in_that_changes_nothing_asks_neither_the_database_nor_another_server()
    {
        await using PostgresServer own = await PostgresServer.StartAsync();
        await using ServerPair pair = await ServerPair.StartAsync(await own.CreateDatabaseAsync());
        SimulatedDevice pump = (await pair.RegisterAsync(1))[0];
        long before = await pair.AskAsync("SELECT changed FROM fleet");
        await own.StopAsync();
        pair.One.Clock.Now += TimeSpan.FromSeconds(3);
        Assert.That(await pump.CheckInAsync(), Is.Null, "answered from memory");
        await own.RunAgainAsync();
        Assert.That(await pair.AskAsync("SELECT changed FROM fleet"), Is.EqualTo(before));
        await pair.One.StopAsync();
        Assert.That(await pair.AskAsync("SELECT last_seen FROM devices"), Is.EqualTo(pair.One.Clock.Now.ToUnixTimeMilliseconds()), "and written down when the server stops, if not before");
    }

    [Test]
    public async Task A_server_that_is_cut_off_answers_from_memory_no_longer_than_it_may()
    {
        await using PostgresServer own = await PostgresServer.StartAsync();
        await using ServerPair pair = await ServerPair.StartAsync(await own.CreateDatabaseAsync());
        SimulatedDevice pump = (await pair.RegisterAsync(1))[0];
        await own.StopAsync();
        pair.One.Clock.Now += TimeSpan.FromSeconds(9);
        await pump.CheckInAsync();
        pair.One.Clock.Now += TimeSpan.FromSeconds(1);
        using HttpResponseMessage late = await pump.PostAsync(pump.Sign(pump.Report()));
        await ServerUnderTest.IsRefusedAsync(late, HttpStatusCode.ServiceUnavailable, "StoreUnavailable");
        await own.RunAgainAsync();
    }

    [Test]
    public async Task A51_While_the_database_is_away_requests_are_put_off_and_later_they_succeed()
    {
        await using PostgresServer own = await PostgresServer.StartAsync();
        await using ServerPair pair = await ServerPair.StartAsync(await own.CreateDatabaseAsync());
        SimulatedDevice[] pumps = await pair.RegisterAsync(2);
        string id = await pair.RollOutAsync(new { name = "all" });
        await pair.Two.HearsAsync(async () => (await pair.Two.GetAsync("/api/v1/rollouts")).EnumerateArray().Any(static r => r.GetProperty("state").GetString() == "running"));
        await own.StopAsync();
        DeviceReport report = pumps[0].Report();
        foreach (ServerUnderTest server in (ServerUnderTest[])[pair.One, pair.Two])
        {
            using HttpResponseMessage asked = await pumps[0].At(server).PostAsync(pumps[0].Sign(report));
            await ServerUnderTest.IsRefusedAsync(asked, HttpStatusCode.ServiceUnavailable, "StoreUnavailable");
            Assert.That(asked.Headers.RetryAfter?.Delta, Is.EqualTo(TimeSpan.FromSeconds(5)));
            using HttpResponseMessage paused = await server.Operator.PostAsync($"/api/v1/rollouts/{id}/pause", null);
            await ServerUnderTest.IsRefusedAsync(paused, HttpStatusCode.ServiceUnavailable, "StoreUnavailable");
        }

        Assert.That(await pair.One.Anonymous.GetByteArrayAsync("/repo/metadata/timestamp.json"), Is.Not.Empty, "what is published is served all the same");
        await own.RunAgainAsync();
        Assert.That(await pumps[0].At(pair.Two).CheckInAsync(report), Is.Not.Null, "the very same report");
        Assert.That(await pumps[1].At(pair.One).CheckInAsync(), Is.Not.Null);
    }

    [Test]
    public async Task A_server_that_lost_the_connection_by_which_it_hears_reads_what_it_missed()
    {
        await using ServerPair pair = await ServerPair.StartAsync();
        await pair.RegisterAsync(1);
        await pair.RollOutAsync(new { name = "all" });
        await pair.AskAsync("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'fota-server listener' AND datname = current_database()");
        await pair.One.PostAsync("/api/v1/rollouts/r1/pause");
        await pair.Two.HearsAsync(async () => (await pair.Two.GetAsync("/api/v1/rollouts/r1")).GetProperty("state").GetString() == "paused");
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client)
    {
        using HttpResponseMessage response = await client.GetAsync("/api/v1/rollouts");
        return response.StatusCode;
    }
}
