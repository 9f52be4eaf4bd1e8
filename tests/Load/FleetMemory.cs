using System.Globalization;
using System.Text.Json;
using Fota.UpdateServer.Tests.Support;
using Npgsql;

namespace Fota.Load;

/// <summary>What a server's memory is with a fleet in PostgreSQL, above what it is with none: each device has a name, a key, a nonce and a place in the order of its reports of its own.</summary>
internal static class FleetMemory
{
    private const int Usual = 100_000, Rounds = 5, AllowedBytes = 1024;

    public static async Task<int> RunAsync(string[] arguments)
    {
        int devices = arguments is [var text] ? int.Parse(text, CultureInfo.InvariantCulture) : Usual;
        await using PostgresServer postgres = await PostgresServer.StartAsync();
        string empty = await postgres.CreateDatabaseAsync(), full = await postgres.CreateDatabaseAsync();
        using LoadSite small = new(), large = new();
        await MeasureAsync(large, full, 0); // makes its tables
        await FillAsync(full, devices);
        List<long> above = [];
        for (int round = 0; round < Rounds; round++)
        {
            long without = await MeasureAsync(small, empty, 0), with = await MeasureAsync(large, full, devices);
            above.Add((with - without) / devices);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"resident: {without / 1024} KiB with no device, {with / 1024} KiB with {devices}: {above[^1]} bytes a device"));
        }

        long median = above.Order().ElementAt(Rounds / 2);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"median: {median} bytes a device, at most {AllowedBytes}: {(median <= AllowedBytes ? "met" : "NOT MET")}"));
        return median <= AllowedBytes ? 0 : 1;
    }

    /// <summary>Starts a server, has it answer for the fleet, and gives its resident memory.</summary>
    private static async Task<long> MeasureAsync(LoadSite site, string database, int devices)
    {
        await using MeasuredServer server = await site.StartFotaAsync($$"""{"kind":"postgresql","connection":"{{database}}"}""");
        using HttpClient client = site.Operator(server.Address);
        using JsonDocument status = JsonDocument.Parse(await client.GetStringAsync("/api/v1/fleet/status"));
        int counted = status.RootElement.GetProperty("products").EnumerateArray().Sum(static p => p.GetProperty("devices").GetInt32());
        return counted == devices ? server.Resident : throw new InvalidOperationException($"wanted {devices} devices, got {counted}");
    }

    private static async Task FillAsync(string database, int devices)
    {
        await using NpgsqlConnection connection = new(database);
        await connection.OpenAsync();
        await using NpgsqlCommand fill = new(
            $"""
            INSERT INTO devices (device, product, key_id, version, slot, floor, state, manifest_digest, confirmed_digest, reason, ordinal, nonce, last_seen, changed)
            SELECT 'pump-' || lpad(i::text, 8, '0'), 'infusion-pump', encode(sha256(('key ' || i)::bytea), 'hex'), '1.0.' || i % 5, i % 2, 1, 'Idle',
                   encode(sha256(('release ' || i % 5)::bytea), 'hex'), encode(sha256(('release ' || i % 5)::bytea), 'hex'), 0, 1000 + i, substr(sha256(('nonce ' || i)::bytea), 1, 16), 1767225600000 + i, 1
            FROM generate_series(1, {devices}) AS i;
            UPDATE fleet SET changed = 1;
            """, connection);
        await fill.ExecuteNonQueryAsync();
    }
}
