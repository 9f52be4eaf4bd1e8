using System.Net;
using System.Text.Json;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Npgsql;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>Two servers over one PostgreSQL database and one folder of content, with release 1.1.0 published unless a test publishes itself.</summary>
internal sealed class ServerPair : IAsyncDisposable
{
    private readonly DirectoryInfo _content = Directory.CreateTempSubdirectory("fota-content-");

    private ServerPair(DatabaseSettings database) => Database = database with { ContentDirectory = _content.FullName };

    public DatabaseSettings Database { get; }

    public ServerUnderTest One { get; private set; } = null!;

    public ServerUnderTest Two { get; private set; } = null!;

    public static async Task<ServerPair> StartAsync(string? connection = null, string? other = null, bool publish = true, PublicationSource? source = null)
    {
        connection ??= await (await PostgresServer.SharedAsync).CreateDatabaseAsync();
        ServerPair pair = new(new DatabaseSettings { Connection = connection });
        source ??= new PublicationSource();
        if (publish)
        {
            source.Add(SampleRelease.Create());
        }

        pair.One = await ServerUnderTest.StartAsync(source, pair.Database);
        pair.Two = await ServerUnderTest.StartAsync(source, pair.Database with { Connection = other ?? connection }, pair.One.Token);
        if (publish)
        {
            using HttpResponseMessage response = await pair.One.PublishAsync();
            await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
        }

        return pair;
    }

    /// <summary>Devices that have registered, half of them with each server.</summary>
    public async Task<SimulatedDevice[]> RegisterAsync(int count)
    {
        SimulatedDevice[] pumps = [.. Enumerable.Range(1, count).Select(i => new SimulatedDevice(i % 2 == 0 ? Two : One, $"pump-{i:D4}"))];
        await Task.WhenAll(pumps.Select(static p => p.CheckInAsync()));
        return pumps;
    }

    /// <summary>Starts a rollout at the first server; gives its id.</summary>
    public async Task<string> RollOutAsync(object stage)
    {
        JsonElement rollout = await One.PostAsync(
            "/api/v1/rollouts", new { product = RepositorySimulator.ProductName, version = "1.1.0", stages = new[] { stage }, abort_after_failures = 1000, timeout_minutes = 60 }, HttpStatusCode.Created);
        string id = rollout.GetProperty("id").GetString()!;
        await One.PostAsync($"/api/v1/rollouts/{id}/start");
        return id;
    }

    /// <summary>The member "database" of a server.json.</summary>
    public string Json => JsonSerializer.Serialize(new { kind = "postgresql", connection = Database.Connection, content = Database.ContentDirectory });

    /// <summary>Asks the database itself.</summary>
    public async Task<long> AskAsync(string sql)
    {
        await using NpgsqlConnection connection = new(Database.Connection + ";Pooling=false");
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(sql, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        await One.DisposeAsync();
        await Two.DisposeAsync();
        _content.Delete(recursive: true);
    }
}
