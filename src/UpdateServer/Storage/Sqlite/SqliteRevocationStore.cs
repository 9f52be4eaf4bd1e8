using Dapper;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Storage.Rows;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <inheritdoc cref="IRevocationStore"/>
internal sealed class SqliteRevocationStore(SqliteDatabase database) : IRevocationStore
{
    public RevocationNews Load()
    {
        using SqliteConnection connection = database.Open();
        return new RevocationNews(0, [.. connection.Query<RevocationRow>("SELECT device, key_id AS KeyId, reason, made_by AS MadeBy, at FROM device_revocations ORDER BY at, device, key_id").Select(static r => r.ToRevocation())]);
    }

    /// <summary>The names that are shut out.</summary>
    public static IReadOnlyList<DeviceId> Names(SqliteConnection connection, SqliteTransaction? transaction) =>
        [.. connection.Query<string>("SELECT device FROM device_revocations WHERE key_id = ''", transaction: transaction).Select(DeviceId.Parse)];

    /// <summary>Never null: one server holds the data folder, and knows what it changed.</summary>
    public long? Save(long known, DeviceRevocation revocation, AccessDecision decision)
    {
        database.Write((connection, transaction) =>
        {
            connection.Execute("INSERT INTO device_revocations (device, key_id, reason, made_by, at) VALUES (@Device, @KeyId, @Reason, @MadeBy, @At)", RevocationRow.From(revocation), transaction);
            SqliteAccessDecisionStore.Save(connection, transaction, decision);
        });
        return known;
    }

    /// <inheritdoc cref="Save"/>
    public long? Lift(long known, DeviceId device, AccessDecision decision)
    {
        database.Write((connection, transaction) =>
        {
            connection.Execute("DELETE FROM device_revocations WHERE device = @Device AND key_id = ''", new { Device = device.ToString() }, transaction);
            SqliteAccessDecisionStore.Save(connection, transaction, decision);
        });
        return known;
    }
}
