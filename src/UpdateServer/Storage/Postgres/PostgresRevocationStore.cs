using Dapper;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Storage.Rows;
using Npgsql;

namespace Fota.UpdateServer.Storage.Postgres;

/// <inheritdoc cref="IRevocationStore"/>
internal sealed class PostgresRevocationStore(PostgresDatabase database) : IRevocationStore
{
    public IReadOnlyList<DeviceRevocation> Load() => database.Read(static (connection, transaction) => (DeviceRevocation[])[.. connection.Query<RevocationRow>(
        "SELECT device, key_id AS KeyId, reason, made_by AS MadeBy, at FROM device_revocations ORDER BY at, device, key_id", transaction: transaction).Select(static r => r.ToRevocation())]);

    public void Save(DeviceRevocation revocation, AccessDecision decision) => database.Write((connection, transaction) =>
    {
        Count(connection, transaction);
        connection.Execute(
            "INSERT INTO device_revocations (device, key_id, reason, made_by, at) VALUES (@Device, @KeyId, @Reason, @MadeBy, @At) ON CONFLICT (device, key_id) DO NOTHING",
            RevocationRow.From(revocation),
            transaction);
        PostgresAccessDecisionStore.Save(connection, transaction, decision);
        database.Tell(connection, transaction, Topics.Revocations);
        database.Tell(connection, transaction, Topics.Fleet);
    });

    public void Lift(DeviceId device, AccessDecision decision) => database.Write((connection, transaction) =>
    {
        Count(connection, transaction);
        connection.Execute("DELETE FROM device_revocations WHERE device = @Device AND key_id = ''", new { Device = device.ToString() }, transaction);
        PostgresAccessDecisionStore.Save(connection, transaction, decision);
        database.Tell(connection, transaction, Topics.Revocations);
        database.Tell(connection, transaction, Topics.Fleet);
    });

    /// <summary>It is a change of the fleet as well: rollouts let go of who is shut out. First, as every change takes its place before it touches anything else.</summary>
    private static void Count(NpgsqlConnection connection, NpgsqlTransaction transaction) => connection.Execute("UPDATE fleet SET changed = changed + 1", transaction: transaction);
}
