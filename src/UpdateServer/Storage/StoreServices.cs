using Fota.UpdateServer.AtRest;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage.Postgres;
using Fota.UpdateServer.Storage.Sqlite;
using Npgsql;

namespace Fota.UpdateServer.Storage;

/// <summary>Which stores a server has: SQLite in its data folder, for one server; or PostgreSQL, for several.</summary>
internal static class StoreServices
{
    /// <summary>Opens the database, brings its schema up to date, and adds the stores. Until the result is disposed of no other server starts on the same database.</summary>
    /// <exception cref="ConfigurationException">The database does not let this server in.</exception>
    /// <exception cref="InvalidDataException">This program cannot work with its schema, or what was encrypted in it was changed.</exception>
    /// <exception cref="StoreUnavailableException">It is away, or the key for what is encrypted in it is not here.</exception>
    public static async Task<IAsyncDisposable?> AddAsync(IServiceCollection services, ServerSettings settings, DataDirectory data, TimeProvider time, ServerSeams seams, CancellationToken cancellation)
    {
        AtRestKeys keys = settings.AtRestKeyFiles is { } files ? AtRestKeys.Read(files) : AtRestKeys.None;
        services.AddSingleton(keys);
        services.AddSingleton<CatalogUpdate>().AddSingleton<SightingWriter>().AddHostedService(static s => s.GetRequiredService<SightingWriter>());
        services.AddSingleton(static s => new ReleaseCatalog(s.GetRequiredService<IReleaseStore>().Load()));
        ContentServices.Add(services, settings, data, seams);
        if (settings.Database is { } shared)
        {
            return await AddPostgresAsync(services, shared, keys, time, seams, cancellation);
        }

        SqliteDatabase own = new(data.DatabaseFile);
        own.Seal(keys);
        services.AddSingleton(own).AddSingleton(FreshnessRule.Alone(time));
        services.AddSingleton<IReleaseStore, SqliteReleaseStore>().AddSingleton<IFleetStore, SqliteFleetStore>().AddSingleton<IPeopleStore, SqlitePeopleStore>()
            .AddSingleton<IDeltaStore, SqliteDeltaStore>().AddSingleton<IEnrolmentStore, SqliteEnrolmentStore>().AddSingleton<IDecisionStore, SqliteDecisionStore>()
            .AddSingleton<IRevocationStore, SqliteRevocationStore>().AddSingleton<IAccessDecisionStore, SqliteAccessDecisionStore>()
            .AddSingleton<IAuditStore, SqliteAuditStore>().AddSingleton<IWebhookStore, SqliteWebhookStore>()
            .AddSingleton<IAlarmStore, SqliteAlarmStore>();
        return null;
    }

    private static async Task<IAsyncDisposable> AddPostgresAsync(IServiceCollection services, DatabaseSettings settings, AtRestKeys keys, TimeProvider time, ServerSeams seams, CancellationToken cancellation)
    {
        PostgresDatabase database = new(settings.ConnectionString, seams.Locks);
        services.AddSingleton(_ => database).AddSingleton(FreshnessRule.Shared(time));
        services.AddSingleton<IReleaseStore, PostgresReleaseStore>().AddSingleton<IFleetStore, PostgresFleetStore>().AddSingleton<IPeopleStore, PostgresPeopleStore>()
            .AddSingleton<IDeltaStore, PostgresDeltaStore>().AddSingleton<IEnrolmentStore, PostgresEnrolmentStore>().AddSingleton<IDecisionStore, PostgresDecisionStore>()
            .AddSingleton<IRevocationStore, PostgresRevocationStore>().AddSingleton<IAccessDecisionStore, PostgresAccessDecisionStore>()
            .AddSingleton<IAuditStore, PostgresAuditStore>().AddSingleton<IWebhookStore, PostgresWebhookStore>()
            .AddSingleton<IAlarmStore, PostgresAlarmStore>();
        services.AddSingleton<PublicationWatch>().AddSingleton<RuledOut>().AddHostedService<PostgresListener>();
        IAsyncDisposable? starting = null;
        try
        {
            starting = await PostgresSchema.PrepareAsync(database, cancellation);
            PostgresSchema.Seal(database, keys);
            return starting;
        }
        catch (Exception e)
        {
            if (starting is not null)
            {
                await starting.DisposeAsync();
            }

            database.Dispose();
            throw e is NpgsqlException ? new ConfigurationException($"database.connection: wanted a database that lets this server in and has its tables made, got {e.Message}") : e;
        }
    }
}
