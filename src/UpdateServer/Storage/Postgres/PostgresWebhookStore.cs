using Dapper;
using Fota.UpdateServer.Storage.Rows;

namespace Fota.UpdateServer.Storage.Postgres;

/// <inheritdoc cref="IWebhookStore"/>
internal sealed class PostgresWebhookStore(PostgresDatabase database) : IWebhookStore
{
    public void Configure(string server, IReadOnlyList<Subscription> subscriptions, DateTimeOffset now) => database.Write((connection, transaction) =>
    {
        object parameters = new
        {
            server,
            Hooks = subscriptions.Select(static s => s.Hook).ToArray(),
            Events = subscriptions.Select(static s => s.Event).ToArray(),
            Now = now.ToUnixTimeMilliseconds(),
            Forgotten = (now - IWebhookStore.Patience).ToUnixTimeMilliseconds(),
        };
        connection.Execute("DELETE FROM webhook_events WHERE server = @server OR said < @Forgotten", parameters, transaction);
        connection.Execute("INSERT INTO webhook_events (server, hook, event, said) SELECT @server, x.*, @Now FROM unnest(@Hooks, @Events) AS x ON CONFLICT DO NOTHING", parameters, transaction);
        connection.Execute(WebhookRow.GiveUp, parameters, transaction);
    });

    public IReadOnlyList<WebhookMessage> Claim(string hook, DateTimeOffset now, DateTimeOffset until, int most) => database.Write((connection, transaction) =>
    {
        // What another server is about to take is passed over, and nobody waits.
        WebhookMessage[] claimed =
        [
            .. connection.Query<WebhookRow>(
                """
                UPDATE webhook_messages m SET attempts = m.attempts + 1, due = @Until
                FROM (SELECT hook, entry FROM webhook_messages WHERE hook = @hook AND state = 'Waiting' AND due <= @Now ORDER BY due, entry LIMIT @most FOR UPDATE SKIP LOCKED) c
                JOIN audit_entries e ON e.number = c.entry
                WHERE m.hook = c.hook AND m.entry = c.entry
                RETURNING m.hook AS Hook, m.entry AS Number, e.entry AS Entry, m.attempts AS Attempts, m.problem AS Problem
                """,
                new { hook, Now = now.ToUnixTimeMilliseconds(), Until = until.ToUnixTimeMilliseconds(), most },
                transaction).Select(static r => r.ToMessage()).OrderBy(static m => m.Number),
        ];
        return (claimed, claimed.Length > 0);
    });

    public void Delivered(WebhookMessage message) => database.Write((connection, transaction) =>
        connection.Execute("DELETE FROM webhook_messages WHERE hook = @Hook AND entry = @Number", new { message.Hook, message.Number }, transaction));

    public void Failed(WebhookMessage message, DateTimeOffset? again, string problem) => database.Write((connection, transaction) => connection.Execute(
        "UPDATE webhook_messages SET state = @State, due = coalesce(@Due::bigint, due), problem = @problem WHERE hook = @Hook AND entry = @Number AND state = 'Waiting' AND attempts = @Attempts",
        new { message.Hook, message.Number, message.Attempts, State = again is null ? "GivenUp" : "Waiting", Due = again?.ToUnixTimeMilliseconds(), problem },
        transaction));

    public IReadOnlyList<WebhookBacklog> Backlogs() => database.Read(static (connection, transaction) => (WebhookBacklog[])
    [
        .. connection.Query<BacklogRow>(
            """
            SELECT hook, count(*) FILTER (WHERE state = 'Waiting') AS Waiting, count(*) FILTER (WHERE state = 'GivenUp') AS GivenUp, max(problem) FILTER (WHERE state = 'Waiting') AS Problem
            FROM webhook_messages GROUP BY hook ORDER BY hook
            """,
            transaction: transaction).Select(static r => r.ToBacklog()),
    ]);

    public IReadOnlyList<WebhookMessage> GivenUp(int most) => database.Read((connection, transaction) => (WebhookMessage[])
    [
        .. connection.Query<WebhookRow>(
            """
            SELECT m.hook, m.entry AS Number, e.entry AS Entry, m.attempts, m.problem FROM webhook_messages m JOIN audit_entries e ON e.number = m.entry
            WHERE m.state = 'GivenUp' ORDER BY m.entry DESC, m.hook LIMIT @most
            """,
            new { most },
            transaction).Select(static r => r.ToMessage()),
    ]);
}
