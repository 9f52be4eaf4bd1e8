using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Fota.TestKit;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Tests.Access;
using Fota.UpdateServer.Tests.Support;
using Npgsql;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>A server that does not hear what another one changes: its connection is half dead, it was frozen, or the database is away.</summary>
public sealed class StaleServerTests
{
    private static readonly string[] s_fleetLists = ["rollouts", "rollouts/r1", "devices", "devices/pump-0001", "fleet/status", "releases", "packs"];
    private static readonly string[] s_lists = [.. s_fleetLists, "device-revocations", "operators", "operators/ann/tokens", "alarms"];

    [Test]
    [Proves("U-80")]
    public async Task A45_Revoked_token_is_refused_by_a_server_that_was_frozen()
    {
        await using ServerPair pair = await ServerPair.StartAsync(publish: false);
        (HttpClient ann, string id) = await AnnAsync(pair);
        await FreezeAsync(pair.Two);
        using HttpResponseMessage revoked = await pair.One.Operator.DeleteAsync($"/api/v1/operators/ann/tokens/{id}");
        Assert.That(revoked.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        using HttpResponseMessage refused = await ann.GetAsync("/api/v1/whoami");
        await ServerUnderTest.IsRefusedAsync(refused, HttpStatusCode.Unauthorized, "Unauthorized");
    }

    [Test]
    [Proves("U-80")]
    public async Task A45_Somebody_who_was_removed_is_nobody_at_a_server_that_was_frozen()
    {
        await using ServerPair pair = await ServerPair.StartAsync(publish: false);
        (HttpClient ann, _) = await AnnAsync(pair);
        await FreezeAsync(pair.Two);
        using HttpResponseMessage removed = await pair.One.Operator.DeleteAsync("/api/v1/operators/ann");
        Assert.That(removed.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        using HttpResponseMessage refused = await ann.GetAsync("/api/v1/whoami");
        await ServerUnderTest.IsRefusedAsync(refused, HttpStatusCode.Unauthorized, "Unauthorized");
    }

    [Test]
    [Proves("U-80")]
    public async Task A44_A_device_that_was_shut_out_is_nobody_at_a_server_that_was_frozen_also_over_a_connection_that_is_open()
    {
        await using ServerPair pair = await ServerPair.StartAsync(publish: false);
        SimulatedDevice pump = new(pair.Two, "pump-0001");
        await pump.CheckInAsync();
        await FreezeAsync(pair.Two);
        await pair.One.PostAsync("/api/v1/devices/pump-0001/revocation", new { reason = "stolen" });
        using HttpResponseMessage refused = await pump.PostAsync(pump.Sign(pump.Report()));
        await ServerUnderTest.IsRefusedAsync(refused, HttpStatusCode.Unauthorized, "Unauthorized");
    }

    [Test]
    [Proves("U-80")]
    public async Task A45_Whoever_shows_a_credential_to_a_server_that_is_cut_off_is_put_off_and_neither_let_in_nor_called_unknown()
    {
        await using PostgresServer own = await PostgresServer.StartAsync();
        await using ServerPair pair = await ServerPair.StartAsync(await own.CreateDatabaseAsync());
        (HttpClient ann, _) = await AnnAsync(pair);
        SimulatedDevice pump = new(pair.Two, "pump-0001");
        await pump.CheckInAsync();
        await own.StopAsync();
        pair.Two.Clock.Now += FreshnessRule.Patience - TimeSpan.FromSeconds(1);
        using (HttpResponseMessage known = await ann.GetAsync("/api/v1/whoami"))
        {
            await ServerUnderTest.ReadAsync(known, HttpStatusCode.OK);
        }

        pair.Two.Clock.Now += TimeSpan.FromSeconds(1);
        using HttpResponseMessage person = await ann.GetAsync("/api/v1/whoami"), device = await pump.PostAsync(pump.Sign(pump.Report()));
        foreach (HttpResponseMessage response in (HttpResponseMessage[])[person, device])
        {
            await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.ServiceUnavailable, "StoreUnavailable");
            Assert.That(response.Headers.RetryAfter?.Delta, Is.EqualTo(TimeSpan.FromSeconds(5)));
        }

        using HttpResponseMessage nobody = await pair.Two.Anonymous.GetAsync("/api/v1/whoami");
        await ServerUnderTest.IsRefusedAsync(nobody, HttpStatusCode.Unauthorized, "Unauthorized");
        await own.RunAgainAsync();
        using HttpResponseMessage again = await ann.GetAsync("/api/v1/whoami");
        await ServerUnderTest.ReadAsync(again, HttpStatusCode.OK);
    }

    [Test]
    [Proves("U-80")]
    public async Task What_a_server_remembers_is_confirmed_before_it_is_too_old_and_then_nobody_waits_for_the_database()
    {
        await using PostgresServer own = await PostgresServer.StartAsync();
        await using ServerPair pair = await ServerPair.StartAsync(await own.CreateDatabaseAsync());
        (HttpClient ann, _) = await AnnAsync(pair);
        SimulatedDevice pump = new(pair.Two, "pump-0001");
        await pump.CheckInAsync();
        pair.Two.Clock.Now += FreshnessRule.Patience;
        await pair.Two.PulseAsync();
        await own.StopAsync();
        Assert.That(await pump.CheckInAsync(), Is.Null);
        using HttpResponseMessage known = await ann.GetAsync("/api/v1/whoami");
        await ServerUnderTest.ReadAsync(known, HttpStatusCode.OK);
        await own.RunAgainAsync();
    }

    [Test]
    [Proves("U-81")]
    public async Task Lists_of_a_server_that_was_frozen_are_of_now()
    {
        await using ServerPair pair = await ServerPair.StartAsync();
        await FreezeAsync(pair.Two);
        await new SimulatedDevice(pair.One, "pump-0001").CheckInAsync();
        await pair.One.Operator.PutAsJsonAsync("/api/v1/devices/pump-0001/traits", new { site = "Basel" });
        string id = await pair.RollOutAsync(new { name = "all" });
        await pair.One.SetPersonAsync("ann", new { role = "viewer" });
        await pair.One.PostAsync("/api/v1/devices/pump-0001/revocation", new { reason = "stolen" });
        Assert.That((await pair.Two.GetAsync("/api/v1/devices/pump-0001")).GetProperty("site").GetString(), Is.EqualTo("Basel"));
        Assert.That((await pair.Two.GetAsync("/api/v1/releases")).GetArrayLength(), Is.EqualTo(1));
        Assert.That((await pair.Two.GetAsync($"/api/v1/rollouts/{id}")).GetProperty("state").GetString(), Is.EqualTo("running"));
        Assert.That((await pair.Two.GetAsync("/api/v1/operators")).EnumerateArray().Select(static p => p.GetProperty("name").GetString()), Does.Contain("ann"));
        Assert.That((await pair.Two.GetAsync("/api/v1/device-revocations")).GetArrayLength(), Is.EqualTo(1));
    }

    [Test]
    [Proves("U-81")]
    public async Task A_server_that_is_cut_off_shows_no_list_of_what_was()
    {
        await using PostgresServer own = await PostgresServer.StartAsync();
        await using ServerPair pair = await ServerPair.StartAsync(await own.CreateDatabaseAsync());
        await pair.RegisterAsync(1);
        await pair.RollOutAsync(new { name = "all" });
        await pair.One.SetPersonAsync("ann", new { role = "viewer" });
        await own.StopAsync();
        pair.One.Clock.Now += FreshnessRule.Patience;
        foreach (string list in s_lists)
        {
            using HttpResponseMessage response = await pair.One.Operator.GetAsync($"/api/v1/{list}");
            await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.ServiceUnavailable, "StoreUnavailable");
        }

        await own.RunAgainAsync();
    }

    [Test]
    [Proves("U-81")]
    public async Task A_server_that_cannot_read_the_fleet_shows_no_list_of_it_to_anybody_and_has_none_of_many_wait_for_long()
    {
        await using ServerPair pair = await ServerPair.StartAsync();
        await pair.RegisterAsync(1);
        await pair.RollOutAsync(new { name = "all" });
        await using NpgsqlConnection connection = new(pair.Database.Connection + ";Pooling=false");
        await connection.OpenAsync();
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync();
        await using NpgsqlCommand held = new("LOCK TABLE fleet", connection, transaction);
        await held.ExecuteNonQueryAsync();
        pair.One.Clock.Now += FreshnessRule.Patience;

        // One after the other would be minutes: each waits for the lock, several times.
        IEnumerable<string> asked = Enumerable.Repeat(s_fleetLists, 10).SelectMany(static l => l);
        HttpResponseMessage[] responses = await Task.WhenAll(asked.Select(list => pair.One.Operator.GetAsync($"/api/v1/{list}")));
        foreach (HttpResponseMessage response in responses)
        {
            await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.ServiceUnavailable, "StoreUnavailable");
            response.Dispose();
        }
    }

    [Test]
    [Proves("U-80")]
    public async Task A44_What_is_said_of_a_device_is_decided_on_what_another_server_said_and_this_one_did_not_hear()
    {
        await using ServerPair pair = await ServerPair.StartAsync(publish: false);
        await pair.Two.GoDeafAsync();
        await pair.One.PostAsync("/api/v1/devices/pump-0001/revocation", new { reason = "stolen" });
        JsonElement again = await pair.Two.PostAsync("/api/v1/devices/pump-0001/revocation", new { reason = "lost" });
        Assert.That(again.GetProperty("reason").GetString(), Is.EqualTo("stolen"), "the reason of the first time");
        using (HttpResponseMessage lifted = await pair.One.Operator.DeleteAsync("/api/v1/devices/pump-0001/revocation"))
        {
            Assert.That(lifted.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        }

        using (HttpResponseMessage lifted = await pair.Two.Operator.DeleteAsync("/api/v1/devices/pump-0001/revocation"))
        {
            await ServerUnderTest.IsRefusedAsync(lifted, HttpStatusCode.NotFound, "NotFound");
        }

        await pair.One.PostAsync("/api/v1/devices/pump-0001/revocation", new { reason = "stolen again" });
        using HttpResponseMessage unheard = await pair.Two.Operator.DeleteAsync("/api/v1/devices/pump-0001/revocation");
        Assert.That(unheard.StatusCode, Is.EqualTo(HttpStatusCode.NoContent), "it is shut out, whoever knows it");
        Assert.That(await pair.AskAsync("SELECT count(*) FROM device_revocations"), Is.Zero);
        Assert.That(await pair.AskAsync("SELECT count(*) FROM access_decisions WHERE kind LIKE 'Device%'"), Is.EqualTo(4));
    }

    [Test]
    [Proves("U-80")]
    public async Task A45_A_token_that_another_server_made_is_taken_back_at_a_server_that_did_not_hear_of_it()
    {
        await using ServerPair pair = await ServerPair.StartAsync(publish: false);
        await pair.Two.GoDeafAsync();
        (_, string id) = await AnnAsync(pair);
        using HttpResponseMessage revoked = await pair.Two.Operator.DeleteAsync($"/api/v1/operators/ann/tokens/{id}");
        Assert.That(revoked.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
    }

    /// <summary>The server hears nothing, and so much time goes by that nobody knows what it missed.</summary>
    private static async Task FreezeAsync(ServerUnderTest server)
    {
        await server.GoDeafAsync();
        server.Clock.Now += FreshnessRule.Patience;
    }

    /// <summary>Somebody with a token that the first server made, as a client of the second.</summary>
    private static async Task<(HttpClient Client, string Token)> AnnAsync(ServerPair pair)
    {
        await pair.One.SetPersonAsync("ann", new { role = "viewer" });
        JsonElement token = await pair.One.CreateTokenAsync("ann");
        return (pair.Two.Bearer(token.GetProperty("token").GetString()!), token.GetProperty("id").GetString()!);
    }
}
