using Dapper;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Storage.Rows;
using Npgsql;

namespace Fota.UpdateServer.Storage.Postgres;

/// <inheritdoc cref="IAuditStore"/>
internal sealed class PostgresAuditStore(PostgresDatabase database) : IAuditStore
{
    /// <summary>Enters what changed, and whom it is to be told, in the transaction of the change and at its end: from here on other servers wait for the commit.</summary>
    public static void Append(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<AuditEvent> events)
    {
        if (events.Count == 0)
        {
            return;
        }

        long first = connection.QuerySingle<long>("UPDATE audit_log SET size = size + @Count RETURNING size - @Count", new { Count = (long)events.Count }, transaction);
        connection.Execute(
            """
            WITH e AS (SELECT @first + x.place - 1 AS number, x.entry, x.kind, x.due FROM unnest(@Entries, @Kinds, @Due) WITH ORDINALITY AS x (entry, kind, due, place)),
                 added AS (INSERT INTO audit_entries (number, entry) SELECT number, entry FROM e)
            INSERT INTO webhook_messages (hook, entry, state, attempts, due)
              SELECT DISTINCT w.hook, e.number, 'Waiting', 0, e.due FROM e JOIN webhook_events w ON w.event IN (e.kind, split_part(e.kind, '.', 1) || '.*', '*')
            """,
            new
            {
                first,
                Entries = AuditEvent.Encode(first, events),
                Kinds = events.Select(static e => e.What.Kind).ToArray(),
                Due = events.Select(static e => e.At.ToUnixTimeMilliseconds()).ToArray(),
            },
            transaction);
    }

    public long Count() => database.Read(static (connection, transaction) => connection.QuerySingle<long>("SELECT size FROM audit_log", transaction: transaction));

    public IReadOnlyList<ReadOnlyMemory<byte>> Read(long first, int count) => database.Read((connection, transaction) => (ReadOnlyMemory<byte>[])[.. connection.Query<byte[]>(
        "SELECT entry FROM audit_entries WHERE number >= @first AND number < @first + @count ORDER BY number", new { first, count }, transaction).Select(static e => (ReadOnlyMemory<byte>)e)]);

    public byte[]? FindTile(int level, long index) => database.Read((connection, transaction) =>
        connection.QuerySingleOrDefault<byte[]>("SELECT hashes FROM audit_tiles WHERE level = @level AND number = @index", new { level, index }, transaction));

    public void KeepTile(int level, long index, byte[] hashes) => database.Write((connection, transaction) => connection.Execute(
        "INSERT INTO audit_tiles (level, number, hashes) VALUES (@level, @index, @hashes) ON CONFLICT DO NOTHING", new { level, index, hashes }, transaction));

    public IReadOnlyList<StoredCheckpoint> Checkpoints() => database.Read(static (connection, transaction) => (StoredCheckpoint[])[.. connection.Query<CheckpointRow>(CheckpointRow.Select, transaction: transaction).Select(static r => r.ToCheckpoint())]);

    public void Keep(StoredCheckpoint checkpoint, Action<IReadOnlyCollection<string>> demand) => database.Write((connection, transaction) =>
    {
        connection.Execute("LOCK TABLE audit_checkpoints IN SHARE ROW EXCLUSIVE MODE", transaction: transaction);
        demand([.. connection.Query<string>("SELECT vkey FROM audit_checkpoints", transaction: transaction)]);
        connection.Execute(CheckpointRow.Keep, CheckpointRow.From(checkpoint), transaction);
    });
}
