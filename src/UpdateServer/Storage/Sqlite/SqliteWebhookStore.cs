using Dapper;
using Fota.UpdateServer.Storage.Rows;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <inheritdoc cref="IWebhookStore"/>
internal sealed class SqliteWebhookStore(SqliteDatabase database) : IWebhookStore
{
    /// <summary>Writes the messages of an entry, in the transaction of both.</summary>
    public static void Append(SqliteConnection connection, SqliteTransaction transaction, long number, string kind, long due) => connection.Execute(
        """
        INSERT INTO webhook_messages (hook, entry, state, attempts, due)
        SELECT DISTINCT hook, @number, 'Waiting', 0, @due FROM webhook_events WHERE event IN (@kind, @Group, '*')
        """,
        new { number, kind, Group = kind.Split('.')[0] + ".*", due },
        transaction);

    public void Configure(string server, IReadOnlyList<Subscription> subscriptions, DateTimeOffset now) => database.Write((connection, transaction) =>
    {
        long moment = now.ToUnixTimeMilliseconds(), forgotten = (now - IWebhookStore.Patience).ToUnixTimeMilliseconds();
        connection.Execute("DELETE FROM webhook_events WHERE server = @server OR said < @forgotten", new { server, forgotten }, transaction);
        connection.Execute("INSERT INTO webhook_events (server, hook, event, said) VALUES (@server, @Hook, @Event, @moment) ON CONFLICT DO NOTHING", subscriptions.Select(s => new { server, s.Hook, s.Event, moment }), transaction);
        connection.Execute(WebhookRow.GiveUp, new { Forgotten = forgotten }, transaction);
    });

    public IReadOnlyList<WebhookMessage> Claim(string hook, DateTimeOffset now, DateTimeOffset until, int most)
    {
        using (SqliteConnection connection = database.Open())
        {
            // Looked at before it is written: once a second there is mostly nothing.
            if (connection.QuerySingle<long>("SELECT EXISTS (SELECT 1 FROM webhook_messages WHERE hook = @hook AND state = 'Waiting' AND due <= @Now)", new { hook, Now = now.ToUnixTimeMilliseconds() }) == 0)
            {
                return [];
            }
        }

        WebhookMessage[] claimed = [];
        database.Write((connection, transaction) =>
        {
            object parameters = new { hook, Now = now.ToUnixTimeMilliseconds(), Until = until.ToUnixTimeMilliseconds(), most };
            claimed =
            [
                .. connection.Query<WebhookRow>(
                    """
                    SELECT m.hook, m.entry AS Number, e.entry, m.attempts + 1 AS Attempts, m.problem FROM webhook_messages m JOIN audit_entries e ON e.number = m.entry
                    WHERE m.hook = @hook AND m.state = 'Waiting' AND m.due <= @Now ORDER BY m.due, m.entry LIMIT @most
                    """,
                    parameters,
                    transaction).Select(static r => r.ToMessage()),
            ];
            connection.Execute(
                "UPDATE webhook_messages SET attempts = @Attempts, due = @Until WHERE hook = @Hook AND entry = @Number",
                claimed.Select(m => new { m.Attempts, m.Hook, m.Number, Until = until.ToUnixTimeMilliseconds() }),
                transaction);
        });
        return claimed;
    }

    public void Delivered(WebhookMessage message) => database.Write((connection, transaction) =>
        connection.Execute("DELETE FROM webhook_messages WHERE hook = @Hook AND entry = @Number", new { message.Hook, message.Number }, transaction));

    public void Failed(WebhookMessage message, DateTimeOffset? again, string problem) => database.Write((connection, transaction) => connection.Execute(
        "UPDATE webhook_messages SET state = @State, due = coalesce(@Due, due), problem = @problem WHERE hook = @Hook AND entry = @Number AND state = 'Waiting' AND attempts = @Attempts",
        new { message.Hook, message.Number, message.Attempts, State = again is null ? "GivenUp" : "Waiting", Due = again?.ToUnixTimeMilliseconds(), problem },
        transaction));

    public IReadOnlyList<WebhookBacklog> Backlogs()
    {
        using SqliteConnection connection = database.Open();
        return
        [
            .. connection.Query<BacklogRow>(
                """
                SELECT hook, count(*) FILTER (WHERE state = 'Waiting') AS Waiting, count(*) FILTER (WHERE state = 'GivenUp') AS GivenUp, max(problem) FILTER (WHERE state = 'Waiting') AS Problem
                FROM webhook_messages GROUP BY hook ORDER BY hook
                """).Select(static r => r.ToBacklog()),
        ];
    }

    public IReadOnlyList<WebhookMessage> GivenUp(int most)
    {
        using SqliteConnection connection = database.Open();
        return
        [
            .. connection.Query<WebhookRow>(
                """
                SELECT m.hook, m.entry AS Number, e.entry, m.attempts, m.problem FROM webhook_messages m JOIN audit_entries e ON e.number = m.entry
                WHERE m.state = 'GivenUp' ORDER BY m.entry DESC, m.hook LIMIT @most
                """,
                new { most }).Select(static r => r.ToMessage()),
        ];
    }
}
