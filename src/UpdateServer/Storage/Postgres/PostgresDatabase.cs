using System.Data;
using Npgsql;
using Polly;
using Polly.Retry;

namespace Fota.UpdateServer.Storage.Postgres;

/// <summary>One PostgreSQL database, which several servers share. What is only in the way is tried again, a few times; what is wrong is not.</summary>
internal sealed class PostgresDatabase : IDisposable
{
    /// <summary>As whom its pool is connected, for whoever looks at the database's sessions.</summary>
    public const string Name = "fota-server";

    /// <summary>So long a server waits for a lock that another one holds.</summary>
    public static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(2);

    /// <summary>So long a transaction may be left alone: whoever hangs in the middle of one must not stop the others.</summary>
    private static readonly TimeSpan s_idlePatience = TimeSpan.FromSeconds(10);

    /// <summary>So long a command may take.</summary>
    public const int CommandSeconds = 15;

    /// <summary>idle_in_transaction_session_timeout and idle_session_timeout (PostgreSQL, appendix A).</summary>
    private const string IdleInTransactionTimeout = "25P03", IdleSessionTimeout = "57P05";

    private const int Retries = 3;
    private const int ConnectSeconds = 3;

    private readonly NpgsqlDataSource _source;
    private readonly ResiliencePipeline _retry;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="connection">As <c>server.json</c> has it, with the password.</param>
    /// <param name="locks">How long servers wait for each other; null for <see cref="LockTimes.Default"/>.</param>
    public PostgresDatabase(string connection, LockTimes? locks = null)
    {
        Locks = locks ?? LockTimes.Default;
        NpgsqlConnectionStringBuilder builder = new(connection) { Timeout = ConnectSeconds, CommandTimeout = CommandSeconds, ApplicationName = Name };
        builder.Options = $"{builder.Options} -c lock_timeout={LockPatience.TotalMilliseconds} -c idle_in_transaction_session_timeout={s_idlePatience.TotalMilliseconds}".Trim();
        ConnectionString = builder.ToString();
        _source = NpgsqlDataSource.Create(builder);
        _retry = new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<NpgsqlException>(IsInTheWay),
            MaxRetryAttempts = Retries,
            Delay = TimeSpan.FromMilliseconds(50),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            OnRetry = _ =>
            {
                // After a restart of the database every pooled connection is dead, and each would cost a try.
                _source.Clear();
                return default;
            },
        }).Build();
    }

    /// <summary>With the password: not for logs.</summary>
    public string ConnectionString { get; }

    /// <summary>How long servers wait for each other where one session at a time goes on.</summary>
    public LockTimes Locks { get; }

    /// <summary>Marks what this server says to the others, so that it need not listen to itself.</summary>
    public string Sender { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Whether the same may succeed in a moment: the database is away, restarts, is full of others, or has chosen this transaction for a victim.</summary>
    public static bool IsInTheWay(NpgsqlException failure) => failure.IsTransient || failure.SqlState is
        PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow
        or PostgresErrorCodes.LockNotAvailable or IdleInTransactionTimeout or IdleSessionTimeout;

    /// <summary>A connection that is not of the pool: what it holds for its session ends when it is disposed of.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be had.</exception>
    public async ValueTask<NpgsqlConnection> OpenOwnAsync(string applicationName, CancellationToken cancellation)
    {
        string own = new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false, ApplicationName = applicationName }.ToString();
        try
        {
            return await _retry.ExecuteAsync(
                async stop =>
                {
                    NpgsqlConnection connection = new(own);
                    try
                    {
                        await connection.OpenAsync(stop);
                        return connection;
                    }
                    catch
                    {
                        await connection.DisposeAsync();
                        throw;
                    }
                },
                cancellation);
        }
        catch (NpgsqlException e) when (IsInTheWay(e))
        {
            throw Away(e);
        }
    }

    public static StoreUnavailableException Away(NpgsqlException failure) => failure.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure
        ? new StoreBusyException($"others are at it in the database ({failure.Message})", failure)
        : new StoreUnavailableException($"the database is away ({failure.Message})", failure);

    /// <summary>Reads, everything as of one moment.</summary>
    /// <exception cref="StoreUnavailableException">The database is away.</exception>
    public T Read<T>(Func<NpgsqlConnection, NpgsqlTransaction, T> work) => Try(() =>
    {
        using NpgsqlConnection connection = _source.OpenConnection();
        using NpgsqlTransaction transaction = connection.BeginTransaction(IsolationLevel.RepeatableRead);
        return work(connection, transaction);
    });

    /// <summary>Runs <paramref name="work"/> in one transaction; again, from its beginning, when something was in the way.</summary>
    /// <exception cref="StoreUnavailableException">The database is away; nothing was changed.</exception>
    /// <exception cref="StoreUncertainException">The connection was lost over the commit.</exception>
    public void Write(Action<NpgsqlConnection, NpgsqlTransaction> work) => Write((connection, transaction) =>
    {
        work(connection, transaction);
        return (0, true);
    });

    /// <inheritdoc cref="Write(Action{NpgsqlConnection, NpgsqlTransaction})"/>
    /// <param name="work">Gives a result, and whether there is anything to commit.</param>
    public T Write<T>(Func<NpgsqlConnection, NpgsqlTransaction, (T Result, bool IsChange)> work) => Try(() =>
    {
        using NpgsqlConnection connection = _source.OpenConnection();
        using NpgsqlTransaction transaction = connection.BeginTransaction(IsolationLevel.ReadCommitted);
        (T result, bool isChange) = work(connection, transaction);
        if (isChange)
        {
            Commit(transaction);
        }

        return result;
    });

    /// <summary>Does something, and again when something was in the way.</summary>
    /// <exception cref="StoreUnavailableException">It stays in the way.</exception>
    public T Try<T>(Func<T> once)
    {
        try
        {
            return _retry.Execute(once);
        }
        catch (NpgsqlException e) when (IsInTheWay(e))
        {
            throw Away(e);
        }
    }

    /// <summary>Commits.</summary>
    /// <exception cref="StoreUncertainException">The connection was lost over it.</exception>
    public static void Commit(NpgsqlTransaction transaction)
    {
        try
        {
            transaction.Commit();
        }
        catch (NpgsqlException e) when (e is not PostgresException { InvariantSeverity: "ERROR" })
        {
            // An error is an answer: nothing was committed. Everything else may have come before the commit or after it.
            throw new StoreUncertainException($"the connection to the database was lost over a commit ({e.Message})", e);
        }
    }

    public void Dispose() => _source.Dispose();
}
