using Dapper;
using Fota.UpdateServer.AtRest;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Storage.Postgres;
using Fota.UpdateServer.Storage.Sqlite;
using Fota.UpdateServer.Tests.Support;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>All stores of one empty database.</summary>
public abstract class StoresUnderTest : IDisposable
{
    /// <summary>What seals in these stores; a test may take others.</summary>
    internal AtRestKeys Keys { get; set; } = new([new byte[AtRestKeys.KeySize]]);

    internal abstract IFleetStore Fleet { get; }

    internal abstract IDecisionStore Decisions { get; }

    internal abstract IReleaseStore Releases { get; }

    internal abstract IDeltaStore Deltas { get; }

    internal abstract IEnrolmentStore Enrolments { get; }

    internal abstract IPeopleStore People { get; }

    internal abstract IRevocationStore Revocations { get; }

    internal abstract IAccessDecisionStore AccessDecisions { get; }

    internal abstract IAuditStore Audit { get; }

    internal abstract IWebhookStore Webhooks { get; }

    internal abstract IAlarmStore Alarms { get; }

    internal abstract Task OpenAsync();

    /// <summary>What a server does at its start.</summary>
    internal abstract int Seal();

    /// <summary>Lets a test see and spoil what the store does not offer; in SQL that both understand.</summary>
    internal abstract long Ask(string sql);

    public abstract void Dispose();
}

/// <summary>In a file.</summary>
public sealed class SqliteStores : StoresUnderTest
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-stores-");
    private SqliteDatabase? _database;

    internal override IFleetStore Fleet => new SqliteFleetStore(_database!, Keys);

    internal override IDecisionStore Decisions => new SqliteDecisionStore(_database!);

    internal override IReleaseStore Releases => new SqliteReleaseStore(_database!);

    internal override IDeltaStore Deltas => new SqliteDeltaStore(_database!);

    internal override IEnrolmentStore Enrolments => new SqliteEnrolmentStore(_database!);

    internal override IPeopleStore People => new SqlitePeopleStore(_database!);

    internal override IRevocationStore Revocations => new SqliteRevocationStore(_database!);

    internal override IAccessDecisionStore AccessDecisions => new SqliteAccessDecisionStore(_database!);

    internal override IAuditStore Audit => new SqliteAuditStore(_database!);

    internal override IWebhookStore Webhooks => new SqliteWebhookStore(_database!);

    internal override IAlarmStore Alarms => new SqliteAlarmStore(_database!);

    internal override Task OpenAsync()
    {
        _database = new SqliteDatabase(Path.Combine(_folder.FullName, "server.db"));
        return Task.CompletedTask;
    }

    internal override int Seal() => _database!.Seal(Keys);

    internal override long Ask(string sql)
    {
        using SqliteConnection connection = _database!.Open();
        return connection.ExecuteScalar<long>(sql);
    }

    public override void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }
}

/// <summary>In a database of a real PostgreSQL.</summary>
public sealed class PostgresStores : StoresUnderTest
{
    private PostgresDatabase? _database;

    internal PostgresDatabase Database => _database!;

    internal override IFleetStore Fleet => new PostgresFleetStore(_database!, Keys);

    internal override IDecisionStore Decisions => new PostgresDecisionStore(_database!);

    internal override IReleaseStore Releases => new PostgresReleaseStore(_database!);

    internal override IDeltaStore Deltas => new PostgresDeltaStore(_database!);

    internal override IEnrolmentStore Enrolments => new PostgresEnrolmentStore(_database!);

    internal override IPeopleStore People => new PostgresPeopleStore(_database!);

    internal override IRevocationStore Revocations => new PostgresRevocationStore(_database!);

    internal override IAccessDecisionStore AccessDecisions => new PostgresAccessDecisionStore(_database!);

    internal override IAuditStore Audit => new PostgresAuditStore(_database!);

    internal override IWebhookStore Webhooks => new PostgresWebhookStore(_database!);

    internal override IAlarmStore Alarms => new PostgresAlarmStore(_database!);

    internal override async Task OpenAsync()
    {
        PostgresServer server = await PostgresServer.SharedAsync;
        _database = new PostgresDatabase(await server.CreateDatabaseAsync());
        await (await PostgresSchema.PrepareAsync(_database, default)).DisposeAsync();
    }

    internal override int Seal() => PostgresSchema.Seal(_database!, Keys);

    internal override long Ask(string sql)
    {
        using NpgsqlConnection connection = new(_database!.ConnectionString + ";Pooling=false");
        return connection.ExecuteScalar<long?>(sql) ?? 0;
    }

    public override void Dispose() => _database?.Dispose();
}

internal static class PublicationTurns
{
    /// <summary>Replaces what is in force, in a turn of its own.</summary>
    public static void Commit(this IReleaseStore store, Publication before, Publication after, Publishing source)
    {
        IPublicationTurn turn = store.HoldAsync(default).AsTask().GetAwaiter().GetResult();
        try
        {
            turn.Commit(before, after, source);
        }
        finally
        {
            turn.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }
}
