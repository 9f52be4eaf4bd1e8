using Dapper;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Storage.Rows;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <inheritdoc cref="IAuditStore"/>
internal sealed class SqliteAuditStore(SqliteDatabase database) : IAuditStore
{
    private const string Next = "SELECT coalesce(max(number) + 1, 0) FROM audit_entries";

    /// <summary>Enters what changed, and whom it is to be told, in the transaction of the change.</summary>
    public static void Append(SqliteConnection connection, SqliteTransaction transaction, IReadOnlyList<AuditEvent> events)
    {
        if (events.Count == 0)
        {
            return;
        }

        long first = connection.QuerySingle<long>(Next, transaction: transaction);
        connection.Execute(
            "INSERT INTO audit_entries (number, entry) VALUES (@Number, @Entry)",
            AuditEvent.Encode(first, events).Select((entry, i) => new { Number = first + i, Entry = entry }),
            transaction);
        foreach ((int i, AuditEvent happened) in events.Index())
        {
            SqliteWebhookStore.Append(connection, transaction, first + i, happened.What.Kind, happened.At.ToUnixTimeMilliseconds());
        }
    }

    public long Count()
    {
        using SqliteConnection connection = database.Open();
        return connection.QuerySingle<long>(Next);
    }

    public IReadOnlyList<ReadOnlyMemory<byte>> Read(long first, int count)
    {
        using SqliteConnection connection = database.Open();
        return [.. connection.Query<byte[]>("SELECT entry FROM audit_entries WHERE number >= @first AND number < @first + @count ORDER BY number", new { first, count }).Select(static e => (ReadOnlyMemory<byte>)e)];
    }

    public byte[]? FindTile(int level, long index)
    {
        using SqliteConnection connection = database.Open();
        return connection.QuerySingleOrDefault<byte[]>("SELECT hashes FROM audit_tiles WHERE level = @level AND number = @index", new { level, index });
    }

    public void KeepTile(int level, long index, byte[] hashes) => database.Write((connection, transaction) => connection.Execute(
        "INSERT INTO audit_tiles (level, number, hashes) VALUES (@level, @index, @hashes) ON CONFLICT DO NOTHING", new { level, index, hashes }, transaction));

    public StoredCheckpoint? Newest()
    {
        using SqliteConnection connection = database.Open();
        return connection.QuerySingleOrDefault<CheckpointRow>("SELECT vkey, size, note, taken FROM audit_checkpoints ORDER BY size DESC, taken DESC LIMIT 1")?.ToCheckpoint();
    }

    public void Keep(StoredCheckpoint checkpoint) => database.Write((connection, transaction) => connection.Execute(
        """
        INSERT INTO audit_checkpoints (vkey, size, note, taken) VALUES (@Vkey, @Size, @Note, @Taken)
        ON CONFLICT (vkey) DO UPDATE SET size = excluded.size, note = excluded.note, taken = excluded.taken WHERE excluded.size > audit_checkpoints.size
        """,
        CheckpointRow.From(checkpoint),
        transaction));
}
