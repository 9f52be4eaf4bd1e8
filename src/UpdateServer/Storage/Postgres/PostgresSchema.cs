using System.Globalization;
using System.Reflection;
using Dapper;
using Fota.UpdateServer.AtRest;
using Npgsql;

namespace Fota.UpdateServer.Storage.Postgres;

/// <summary>
/// Brings the tables up to date, by numbered scripts, up only. A script says in the table <c>fota_schema</c> which programs can still work with what it leaves, so that an
/// older server goes on beside a newer one (docs/runbooks/upgrade-servers.md).
/// </summary>
internal static class PostgresSchema
{
    private const string Prefix = "Fota.UpdateServer.Storage.Postgres.Migrations.";

    /// <summary>One server at a time looks at the schema, and makes what is made once.</summary>
    private const long StartLock = 0x464F_5441_0001;

    /// <summary>The oldest program that may go on while this one brings the schema up to date: the newest <c>oldest_program</c> of the scripts.</summary>
    private const long OldestBeside = 5;

    /// <summary>So often it looks for servers of programs that cannot go on: one whose sessions were cut opens them again within seconds.</summary>
    private const int Looks = 5;

    private static readonly TimeSpan s_betweenLooks = TimeSpan.FromSeconds(1);

    private static readonly (int Number, string Resource)[] s_scripts = [.. Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(static n => n.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        .Select(static n => (int.Parse(n.AsSpan(Prefix.Length, 4), CultureInfo.InvariantCulture), n))];

    /// <summary>The newest version that this program knows.</summary>
    public static int Version => s_scripts[^1].Number;

    /// <summary>Brings the schema up to date. Until the result is disposed of no other server starts.</summary>
    /// <exception cref="InvalidDataException">The schema is one that this program cannot work with.</exception>
    /// <exception cref="StoreUnavailableException">The database is away, or another server's start takes too long: scripts over large tables do, and its supervisor starts this one again.</exception>
    public static async Task<IAsyncDisposable> PrepareAsync(PostgresDatabase database, CancellationToken cancellation)
    {
        PostgresLock starting = await PostgresLock.TakeAsync(database, StartLock, cancellation);
        try
        {
            await starting.UseAsync(connection => MigrateAsync(connection, cancellation), cancellation);
            return starting;
        }
        catch
        {
            await starting.DisposeAsync();
            throw;
        }
    }

    /// <summary>Why this program cannot work with a schema; null when it can.</summary>
    /// <param name="version">The schema's.</param>
    /// <param name="oldestProgram">The oldest program that can.</param>
    public static string? WhyNot(long version, long oldestProgram) => oldestProgram <= Version ? null
        : $"database: wanted a schema that a program of schema {Version} can work with, got schema {version}, which wants one of {oldestProgram} or newer";

    /// <summary>Seals what is to be sealed.</summary>
    /// <returns>How much was sealed.</returns>
    /// <exception cref="StoreUnavailableException">A key is missing, or the database is away; nothing was changed.</exception>
    /// <exception cref="InvalidDataException">A sealed value was changed, or moved; nothing was changed.</exception>
    public static int Seal(PostgresDatabase database, AtRestKeys keys) => database.Write((connection, transaction) =>
    {
        connection.Execute("SELECT changed FROM fleet FOR UPDATE", transaction: transaction); // nobody makes a rollout meanwhile
        return (RolloutKeySealing.Apply(connection, transaction, keys), true);
    });

    private static async Task MigrateAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            """
            CREATE TABLE IF NOT EXISTS fota_schema (one boolean PRIMARY KEY DEFAULT true CHECK (one), version bigint NOT NULL, oldest_program bigint NOT NULL);
            INSERT INTO fota_schema (version, oldest_program) VALUES (0, 0) ON CONFLICT DO NOTHING
            """,
            cancellationToken: cancellation));
        SchemaRow schema = await connection.QuerySingleAsync<SchemaRow>(new CommandDefinition("SELECT version, oldest_program AS OldestProgram FROM fota_schema", cancellationToken: cancellation));
        if (WhyNot(schema.Version, schema.OldestProgram) is { } refused)
        {
            throw new InvalidDataException(refused);
        }

        await RequireNoneIsLeftBehindAsync(connection, schema.Version, cancellation);

        foreach ((int number, string resource) in s_scripts.Where(s => s.Number > schema.Version))
        {
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation);
            using StreamReader script = new(Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!);
            await connection.ExecuteAsync(new CommandDefinition(await script.ReadToEndAsync(cancellation), transaction: transaction, commandTimeout: 0, cancellationToken: cancellation));
            await connection.ExecuteAsync(new CommandDefinition("UPDATE fota_schema SET version = @number", new { number }, transaction, cancellationToken: cancellation));
            await transaction.CommitAsync(cancellation);
        }
    }

    /// <summary>A server that runs does not ask again what it can work with, if it is of an older program: it has to be stopped before the schema rules it out.</summary>
    private static async Task RequireNoneIsLeftBehindAsync(NpgsqlConnection connection, long version, CancellationToken cancellation)
    {
        if (version is 0 or >= OldestBeside)
        {
            return;
        }

        for (int looked = 0; looked < Looks; looked++)
        {
            if (looked > 0)
            {
                await Task.Delay(s_betweenLooks, TimeProvider.System, cancellation);
            }

            long sessions = await connection.QuerySingleAsync<long>(new CommandDefinition(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name IN (@Listener, @Pooled)",
                new { Listener = PostgresListener.Name, Pooled = PostgresDatabase.Name },
                cancellationToken: cancellation));
            if (sessions > 0)
            {
                throw new InvalidDataException(
                    $"database: wanted no server to run while schema {version} becomes {Version}, as programs before schema {OldestBeside} do not notice when they are ruled out, got {sessions} sessions of some: stop them first");
            }
        }
    }

    private sealed record SchemaRow(long Version, long OldestProgram);
}
