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
    /// <exception cref="InvalidDataException">This program cannot work with its schema.</exception>
    /// <exception cref="StoreUnavailableException">It is away.</exception>
    public static async Task<IAsyncDisposable?> AddAsync(IServiceCollection services, ServerSettings settings, DataDirectory data, TimeProvider time, ServerSeams seams, CancellationToken cancellation)
    {
        services.AddSingleton<CatalogUpdate>().AddSingleton<SightingWriter>().AddHostedService(static s => s.GetRequiredService<SightingWriter>());
        services.AddSingleton(static s => new ReleaseCatalog(s.GetRequiredService<IReleaseStore>().Load()));
        ContentServices.Add(services, settings, data, seams);
        if (settings.Database is { } shared)
        {
            return await AddPostgresAsync(services, shared, time, cancellation);
        }

        services.AddSingleton(new SqliteDatabase(data.DatabaseFile)).AddSingleton(ReplicaFreshness.Always(time));
        services.AddSingleton<IReleaseStore, SqliteReleaseStore>().AddSingleton<IFleetStore, SqliteFleetStore>().AddSingleton<IPeopleStore, SqlitePeopleStore>()
            .AddSingleton<IDeltaStore, SqliteDeltaStore>().AddSingleton<IEnrolmentStore, SqliteEnrolmentStore>().AddSingleton<IDecisionStore, SqliteDecisionStore>()
            .AddSingleton<IRevocationStore, SqliteRevocationStore>().AddSingleton<IAccessDecisionStore, SqliteAccessDecisionStore>()
            .AddSingleton<IAuditStore, SqliteAuditStore>().AddSingleton<IWebhookStore, SqliteWebhookStore>()
            .AddSingleton<IAlarmStore, SqliteAlarmStore>();
        return null;
    }

    private static async Task<IAsyncDisposable> AddPostgresAsync(IServiceCollection services, DatabaseSettings settings, TimeProvider time, CancellationToken cancellation)
    {
        PostgresDatabase database = new(settings.ConnectionString);
        services.AddSingleton(_ => database).AddSingleton(new ReplicaFreshness(time, ReplicaFreshness.Shared));
        services.AddSingleton<IReleaseStore, PostgresReleaseStore>().AddSingleton<IFleetStore, PostgresFleetStore>().AddSingleton<IPeopleStore, PostgresPeopleStore>()
            .AddSingleton<IDeltaStore, PostgresDeltaStore>().AddSingleton<IEnrolmentStore, PostgresEnrolmentStore>().AddSingleton<IDecisionStore, PostgresDecisionStore>()
            .AddSingleton<IRevocationStore, PostgresRevocationStore>().AddSingleton<IAccessDecisionStore, PostgresAccessDecisionStore>()
            .AddSingleton<IAuditStore, PostgresAuditStore>().AddSingleton<IWebhookStore, PostgresWebhookStore>()
            .AddSingleton<IAlarmStore, PostgresAlarmStore>();
        services.AddSingleton<PublicationWatch>().AddHostedService<PostgresListener>();
        try
        {
            return await PostgresSchema.PrepareAsync(database, cancellation);
        }
        catch (Exception e)
        {
            database.Dispose();
            throw e is NpgsqlException ? new ConfigurationException($"database.connection: wanted a database that lets this server in and has its tables made, got {e.Message}") : e;
        }
    }
}
