using System.Text.Json;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>A database that an older program made.</summary>
public sealed class MigrationTests
{
    [Test]
    public async Task A48_A_fleet_from_before_keys_were_kept_stays_and_its_keys_are_pinned_by_the_next_report()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync();
        Directory.CreateDirectory(server.PathOf("old"));
        using (SqliteConnection old = Open(server))
        {
            using StreamReader first = new(typeof(FotaServer).Assembly.GetManifestResourceStream("Fota.UpdateServer.Storage.Migrations.0001_first")!);
            Execute(old, await first.ReadToEndAsync());
            Execute(old, $"""
                INSERT INTO devices VALUES ('pump-0001', 'infusion-pump', '1.0.0', 0, 1, 'Idle', '{new string('0', 64)}', NULL, NULL, 0, NULL, 7, x'00', 1);
                INSERT INTO reports VALUES ('pump-0001', 6, 'r1-pump-0001', 'Installing', x'01', 1);
                PRAGMA user_version = 1
                """);
        }

        await server.RestartAsync(data: "old");
        SimulatedDevice pump = new(server, "pump-0001");
        await pump.CheckInAsync(ReportState.Failed); // ordinal 1: the old order stands
        JsonElement device = (await server.GetAsync("/api/v1/devices"))[0];
        Assert.That(device.GetProperty("state").GetString(), Is.EqualTo("idle"));
        pump.Ordinal = 7;
        await pump.CheckInAsync(ReportState.Installing, "r1-pump-0001");
        await server.StopAsync();
        using SqliteConnection migrated = Open(server);
        using SqliteCommand command = migrated.CreateCommand();
        command.CommandText = "SELECT group_concat(ordinal || ' ' || coalesce(key_id, 'unknown'), ', ') FROM (SELECT ordinal, key_id FROM reports UNION ALL SELECT ordinal, key_id FROM devices ORDER BY ordinal)";
        Assert.That(command.ExecuteScalar(), Is.EqualTo($"6 unknown, 8 {pump.PublicKey.Id}"));
    }

    [Test]
    public async Task A48_A_rollout_from_before_there_were_whole_plans_stays_what_it_was()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync();
        Directory.CreateDirectory(server.PathOf("old"));
        using (SqliteConnection old = Open(server))
        {
            foreach (string name in (string[])["0001_first", "0002_device_keys", "0003_delta_packs", "0004_gates", "0005_enrolments"])
            {
                using StreamReader script = new(typeof(FotaServer).Assembly.GetManifestResourceStream($"Fota.UpdateServer.Storage.Migrations.{name}")!);
                Execute(old, await script.ReadToEndAsync());
            }

            Execute(old, $"""
                INSERT INTO devices (device, product, version, slot, floor, state, manifest_digest, reason, ordinal, nonce, last_seen)
                  VALUES ('pump-0001', 'infusion-pump', '1.0.0', 0, 1, 'Idle', '{new string('0', 64)}', 0, 7, x'00', 1);
                INSERT INTO rollouts VALUES (1, 'infusion-pump', '1.1.0', 'infusion-pump/1.1.0/manifest.suit', '{new string('1', 64)}', 1, 2, x'{new string('2', 64)}', 'Running', 0, NULL);
                INSERT INTO rollout_stages VALUES (1, 0, 'canary', 1), (1, 1, 'rest', NULL);
                INSERT INTO rollout_members (rollout, device, stage, status) VALUES (1, 'pump-0001', 0, 'Begun');
                PRAGMA user_version = 5
                """);
        }

        // Its release is not listed here, so it is aborted at the start, and stored anew by that.
        for (int starts = 0; starts < 2; starts++)
        {
            await server.RestartAsync(data: "old");
            JsonElement rollout = await server.GetAsync("/api/v1/rollouts/r1"), canary = rollout.GetProperty("stages")[0];
            Assert.That((rollout.GetProperty("state").GetString(), rollout.GetProperty("abort_after_failures").GetInt32()), Is.EqualTo(("aborted", 2)));
            Assert.That((canary.GetProperty("name").GetString(), canary.GetProperty("count").GetInt32(), canary.GetProperty("granted").GetInt32()), Is.EqualTo(("canary", 1, 1)));
            Assert.That(rollout.GetProperty("stages")[1].GetProperty("count").ValueKind, Is.EqualTo(JsonValueKind.Null));
        }
    }

    private static SqliteConnection Open(ServerUnderTest server)
    {
        SqliteConnection connection = new($"Data Source={server.PathOf("old/server.db")}");
        connection.Open();
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
