using Dapper;
using Fota.UpdateServer.Deltas;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Rollouts;
using Npgsql;

namespace Fota.UpdateServer.Storage.Postgres;

/// <summary>
/// Hears what other servers changed, and has it read. What was said while nobody listened is lost, so that everything is read again after each beginning. Now and then the database is
/// asked which changes are its newest, so that a connection which is dead and does not show it is found out; until it answers, memories grow old, and are not answered from.
/// </summary>
internal sealed class PostgresListener(
    PostgresDatabase database, RuledOut ruledOut, RolloutCoordinator coordinator, PublicationWatch publication, DeltaCatalog deltas, PeopleDirectory people, DeviceRevocations revocations, TimeProvider time, ServerSeams seams, ILogger<PostgresListener> log) : BackgroundService
{
    /// <summary>As whom it is connected, for whoever looks at the database's sessions.</summary>
    public const string Name = "fota-server listener";

    private static readonly TimeSpan s_pulse = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    private readonly ISharedMemory[] _memories = [people, revocations, publication, coordinator, deltas];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Log.ListenerLost(log, e);
                await Task.Delay(s_pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await database.OpenOwnAsync(Name, cancellation);
        HashSet<string> told = new(StringComparer.Ordinal);
        connection.Notification += (_, news) =>
        {
            // What this server changed itself in the fleet it knows.
            if (news.Payload.Split(PostgresNews.Separator) is [var topic, var sender] && (sender != database.Sender || topic != Topics.Fleet))
            {
                told.Add(topic);
            }
        };
        await connection.ExecuteAsync(new CommandDefinition($"LISTEN {PostgresNews.Channel}", cancellationToken: cancellation));
        told.UnionWith(_memories.Select(static m => m.Topic));
        Moment pulsed = await AskAsync(connection, cancellation);
        Log.Listening(log);
        while (true)
        {
            string[] topics = [.. told];
            told.Clear();
            foreach (ISharedMemory memory in _memories.Where(m => topics.Contains(m.Topic, StringComparer.Ordinal)))
            {
                memory.CatchUp();
            }

            seams.NewsRead?.Invoke();

            // Also where there is always something to hear: that one thing changed says nothing of another.
            bool isTold = told.Count > 0 || await connection.WaitAsync(s_pulse, cancellation);
            if (!isTold || time.GetElapsedTime(pulsed.Timestamp) >= s_pulse)
            {
                pulsed = await AskAsync(connection, cancellation);
                told.Add(coordinator.Topic);
            }
        }
    }

    /// <summary>Asks which changes are the newest, and whether this program may go on.</summary>
    /// <returns>When it asked.</returns>
    private async Task<Moment> AskAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        Moment asked = Moment.Now(time);
        NewestRow newest = await connection.QuerySingleAsync<NewestRow>(new CommandDefinition(
            "SELECT a.changed AS People, a.revocations, s.version, s.oldest_program AS OldestProgram FROM access a CROSS JOIN fota_schema s", cancellationToken: cancellation));
        ruledOut.Look(newest.Version, newest.OldestProgram);
        people.Confirm(newest.People, asked);
        revocations.Confirm(newest.Revocations, asked);
        return asked;
    }

    /// <summary>The newest changes that the database has, and which programs can work with it.</summary>
    private sealed record NewestRow(long People, long Revocations, long Version, long OldestProgram);
}
