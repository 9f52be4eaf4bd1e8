using System.Net;
using System.Text.Json;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Npgsql;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>Two servers over one PostgreSQL database and one folder of content, or one storage, with release 1.1.0 published unless a test publishes itself.</summary>
internal sealed class ServerPair : IAsyncDisposable
{
    private static readonly JsonSerializerOptions s_asWritten = new() { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };

    private readonly DirectoryInfo _content = Directory.CreateTempSubdirectory("fota-content-");

    private ServerPair(DatabaseSettings database, BlobSettings? blobs) =>
        (Database, Blobs) = (blobs is null ? database with { ContentDirectory = _content.FullName } : database, blobs);

    public BlobSettings? Blobs { get; }

    public DatabaseSettings Database { get; }

    public ServerUnderTest One { get; private set; } = null!;

    public ServerUnderTest Two { get; private set; } = null!;

    public static async Task<ServerPair> StartAsync(string? connection = null, string? other = null, bool publish = true, PublicationSource? source = null, BlobSettings? blobs = null, SampleRelease? release = null)
    {
        connection ??= await (await PostgresServer.SharedAsync).CreateDatabaseAsync();
        ServerPair pair = new(new DatabaseSettings { Connection = connection }, blobs);
        source ??= new PublicationSource();
        if (publish)
        {
            source.Add(release ?? SampleRelease.Create());
        }

        pair.One = await ServerUnderTest.StartAsync(source, pair.Database, blobs: blobs);
        pair.Two = await ServerUnderTest.StartAsync(source, pair.Database with { Connection = other ?? connection }, pair.One.Token, blobs);
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
        await Parallel.ForEachAsync(pumps, new ParallelOptions { MaxDegreeOfParallelism = 8 }, static async (pump, _) => await pump.CheckInAsync());
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
    public string Json => JsonSerializer.Serialize(new { kind = "postgresql", connection = Database.Connection, content = Database.ContentDirectory }, s_asWritten);

    /// <summary>The member "blobs" of a server.json.</summary>
    public string BlobsJson => Blobs is null
        ? """{"kind":"files"}"""
        : JsonSerializer.Serialize(new { kind = "azure", container = Blobs.Container, connectionString = Blobs.ConnectionStringFile, authorities = Blobs.AuthoritiesFile });

    /// <summary>Asks the database itself.</summary>
    public async Task<long> AskAsync(string sql)
    {
        await using NpgsqlConnection connection = new(Database.Connection + ";Pooling=false");
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(sql, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>The highest number that the database answered with, asked again and again.</summary>
    public async Task<long> MostAsync(string sql, TimeSpan pause, CancellationToken cancellation)
    {
        long most = 0;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                most = Math.Max(most, await AskAsync(sql));
            }
            catch (NpgsqlException)
            {
                // The database is away for a moment.
            }

            await Task.Delay(pause, CancellationToken.None);
        }

        return most;
    }

    public async ValueTask DisposeAsync()
    {
        await One.DisposeAsync();
        await Two.DisposeAsync();
        _content.Delete(recursive: true);
    }
}
