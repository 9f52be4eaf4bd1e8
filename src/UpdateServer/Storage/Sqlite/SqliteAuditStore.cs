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

    public IReadOnlyList<StoredCheckpoint> Checkpoints()
    {
        using SqliteConnection connection = database.Open();
        return [.. connection.Query<CheckpointRow>(CheckpointRow.Select).Select(static r => r.ToCheckpoint())];
    }

    public void Keep(StoredCheckpoint checkpoint, Action<IReadOnlyCollection<string>> demand) => database.Write((connection, transaction) =>
    {
        demand([.. connection.Query<string>("SELECT vkey FROM audit_checkpoints", transaction: transaction)]);
        connection.Execute(CheckpointRow.Keep, CheckpointRow.From(checkpoint), transaction);
    });
}
