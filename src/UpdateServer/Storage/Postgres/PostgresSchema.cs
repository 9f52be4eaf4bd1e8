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

    /// <summary>The first version that knows sealed values.</summary>
    private const long FirstThatOpens = 3;

    private static readonly (int Number, string Resource)[] s_scripts = [.. Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(static n => n.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        .Select(static n => (int.Parse(n.AsSpan(Prefix.Length, 4), CultureInfo.InvariantCulture), n))];

    /// <summary>The newest version that this program knows.</summary>
    public static int Version => s_scripts[^1].Number;

    /// <summary>Brings the schema up to date. Until the result is disposed of no other server starts.</summary>
    /// <exception cref="InvalidDataException">The schema is one that this program cannot work with.</exception>
    /// <exception cref="StoreUnavailableException">The database is away.</exception>
    public static async Task<IAsyncDisposable> PrepareAsync(PostgresDatabase database, CancellationToken cancellation)
    {
        PostgresLock starting = await PostgresLock.TakeAsync(database, StartLock, wait: null, cancellation); // scripts over large tables take their time
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

    /// <summary>Seals what is to be sealed. Programs that would take a sealed value for another thing start no more.</summary>
    /// <returns>How much was sealed.</returns>
    /// <exception cref="StoreUnavailableException">A key is missing, or the database is away; nothing was changed.</exception>
    /// <exception cref="InvalidDataException">A sealed value was changed, or moved; nothing was changed.</exception>
    public static int Seal(PostgresDatabase database, AtRestKeys keys) => database.Write((connection, transaction) =>
    {
        connection.Execute("SELECT changed FROM fleet FOR UPDATE", transaction: transaction); // nobody makes a rollout meanwhile
        int count = RolloutKeySealing.Apply(connection, transaction, keys);
        if (keys.Seals)
        {
            connection.Execute("UPDATE fota_schema SET oldest_program = greatest(oldest_program, @FirstThatOpens)", new { FirstThatOpens }, transaction);
        }

        return (count, true);
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
        if (schema.OldestProgram > Version)
        {
            throw new InvalidDataException(
                $"database: wanted a schema that a program of schema {Version} can work with, got schema {schema.Version}, which wants one of {schema.OldestProgram} or newer");
        }

        foreach ((int number, string resource) in s_scripts.Where(s => s.Number > schema.Version))
        {
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation);
            using StreamReader script = new(Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!);
            await connection.ExecuteAsync(new CommandDefinition(await script.ReadToEndAsync(cancellation), transaction: transaction, commandTimeout: 0, cancellationToken: cancellation));
            await connection.ExecuteAsync(new CommandDefinition("UPDATE fota_schema SET version = @number", new { number }, transaction, cancellationToken: cancellation));
            await transaction.CommitAsync(cancellation);
        }
    }

    private sealed record SchemaRow(long Version, long OldestProgram);
}
