using Dapper;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Storage.Rows;
using Npgsql;

namespace Fota.UpdateServer.Storage.Postgres;

/// <inheritdoc cref="IRevocationStore"/>
internal sealed class PostgresRevocationStore(PostgresDatabase database) : IRevocationStore
{
    public RevocationNews Load() => database.Read(static (connection, transaction) => new RevocationNews(
        connection.QuerySingle<long>("SELECT revocations FROM access", transaction: transaction),
        [.. connection.Query<RevocationRow>("SELECT device, key_id AS KeyId, reason, made_by AS MadeBy, at FROM device_revocations ORDER BY at, device, key_id", transaction: transaction).Select(static r => r.ToRevocation())]));

    public long? Save(long known, DeviceRevocation revocation, AccessDecision decision) => Change(known, decision, (connection, transaction) => connection.Execute(
        "INSERT INTO device_revocations (device, key_id, reason, made_by, at) VALUES (@Device, @KeyId, @Reason, @MadeBy, @At)", RevocationRow.From(revocation), transaction));

    public long? Lift(long known, DeviceId device, AccessDecision decision) => Change(known, decision, (connection, transaction) =>
        connection.Execute("DELETE FROM device_revocations WHERE device = @Device AND key_id = ''", new { Device = device.ToString() }, transaction));

    private long? Change(long known, AccessDecision decision, Action<NpgsqlConnection, NpgsqlTransaction> change) => database.Write((connection, transaction) =>
    {
        // It is a change of the fleet as well: rollouts let go of who is shut out. First, as every change takes its place before it touches anything else.
        connection.Execute("UPDATE fleet SET changed = changed + 1", transaction: transaction);

        // The row is this change's until it is committed; another server's that comes in between finds another number. The table's trigger counts, for whatever program changes it.
        if (connection.QuerySingle<long>("SELECT revocations FROM access FOR UPDATE", transaction: transaction) != known)
        {
            return ((long?)null, false);
        }

        change(connection, transaction);
        PostgresAccessDecisionStore.Save(connection, transaction, decision);
        database.Tell(connection, transaction, Topics.Revocations);
        database.Tell(connection, transaction, Topics.Fleet);
        return (connection.QuerySingle<long>("SELECT revocations FROM access", transaction: transaction), true);
    });
}
