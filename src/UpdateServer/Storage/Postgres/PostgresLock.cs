using Dapper;
using Npgsql;

namespace Fota.UpdateServer.Storage.Postgres;

/// <summary>How long servers wait for each other where one session at a time goes on.</summary>
/// <param name="Wait">So long somebody waits for a turn. Longer than <paramref name="Idle"/>, so that whoever waits for a server that died gets it.</param>
/// <param name="Idle">The database ends the session of a holder that says nothing for so long, and the lock with it.</param>
/// <param name="KeepAlive">So often a holder that lives says something.</param>
/// <param name="Turn">And for so long: what it does then hangs, on a folder that is mounted and does not answer, and others are to go on.</param>
internal sealed record LockTimes(TimeSpan Wait, TimeSpan Idle, TimeSpan KeepAlive, TimeSpan Turn)
{
    public static LockTimes Default { get; } = new(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(5), TimeSpan.FromHours(2));
}

/// <summary>
/// A lock that one session of all servers holds at a time. It is the session's, and the session is ended by the database when its holder shows no life: what is done on this very
/// connection is done with the lock, or not at all, however long the holder was frozen in between.
/// </summary>
internal sealed class PostgresLock : IAsyncDisposable
{
    private readonly PostgresDatabase _database;
    private readonly NpgsqlConnection _connection;
    private readonly SemaphoreSlim _one = new(1);
    private readonly CancellationTokenSource _stop;
    private readonly Task _living;

    private PostgresLock(PostgresDatabase database, NpgsqlConnection connection)
    {
        (_database, _connection, _stop) = (database, connection, new CancellationTokenSource(database.Locks.Turn, TimeProvider.System));
        _living = LiveAsync(database.Locks.KeepAlive);
    }

    /// <summary>Takes it; disposing of it lets go.</summary>
    /// <param name="database">Where.</param>
    /// <param name="key">Which.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="StoreUnavailableException">The database is away, or others took too long.</exception>
    public static async ValueTask<PostgresLock> TakeAsync(PostgresDatabase database, long key, CancellationToken cancellation)
    {
        NpgsqlConnection connection = await database.OpenOwnAsync("fota-server lock", cancellation);
        try
        {
            // The end of a silent session is set before there is a lock: nobody can be frozen in between.
            TimeSpan wait = database.Locks.Wait;
            await connection.ExecuteAsync(new CommandDefinition(
                $"SET idle_session_timeout = {database.Locks.Idle.TotalMilliseconds}; SET lock_timeout = {wait.TotalMilliseconds}", cancellationToken: cancellation));
            await connection.ExecuteAsync(new CommandDefinition(
                "SELECT pg_advisory_lock(@key)", new { key }, commandTimeout: (int)wait.TotalSeconds + PostgresDatabase.CommandSeconds, cancellationToken: cancellation));
            await connection.ExecuteAsync(new CommandDefinition($"SET lock_timeout = {PostgresDatabase.LockPatience.TotalMilliseconds}", cancellationToken: cancellation));
            return new PostgresLock(database, connection);
        }
        catch (Exception e)
        {
            await connection.DisposeAsync();
            throw e is NpgsqlException failure && PostgresDatabase.IsInTheWay(failure) ? PostgresDatabase.Away(failure) : e;
        }
    }

    /// <summary>Does something on the connection that has the lock; again when something was in the way and the lock is still there.</summary>
    /// <exception cref="StoreUnavailableException">The lock is lost, or the database is away; nothing was changed.</exception>
    public T Use<T>(Func<NpgsqlConnection, T> work)
    {
        _one.Wait();
        try
        {
            return _database.Try(() => work(Open()));
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc cref="Use"/>
    public async Task UseAsync(Func<NpgsqlConnection, Task> work, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            await work(Open());
        }
        catch (NpgsqlException e) when (PostgresDatabase.IsInTheWay(e))
        {
            throw PostgresDatabase.Away(e);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Asks the database whether the lock is still there.</summary>
    /// <exception cref="StoreUnavailableException">It is not, or the database is away.</exception>
    public void Demand() => Use(static connection => connection.ExecuteScalar<int>("SELECT 1"));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _living;
        await _connection.DisposeAsync();
        _one.Dispose();
        _stop.Dispose();
    }

    private NpgsqlConnection Open() => _connection.State == System.Data.ConnectionState.Open ? _connection : throw new StoreUnavailableException("the lock was lost, as this server said nothing for too long");

    /// <summary>Says something now and then. What is waited for is the database's time, whatever the server takes for the time.</summary>
    private async Task LiveAsync(TimeSpan every)
    {
        try
        {
            while (true)
            {
                await Task.Delay(every, TimeProvider.System, _stop.Token);
                await UseAsync(connection => connection.ExecuteAsync(new CommandDefinition("SELECT 1", cancellationToken: _stop.Token)), _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or NpgsqlException or StoreUnavailableException)
        {
            // It is let go, or lost: whoever uses it next finds that out.
        }
    }
}
