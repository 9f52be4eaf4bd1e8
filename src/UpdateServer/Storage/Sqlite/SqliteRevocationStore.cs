using Dapper;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.People;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <inheritdoc cref="IRevocationStore"/>
internal sealed class SqliteRevocationStore(SqliteDatabase database) : IRevocationStore
{
    public IReadOnlyList<DeviceRevocation> Load()
    {
        using SqliteConnection connection = database.Open();
        return [.. connection.Query<RevocationRow>("SELECT device, key_id AS KeyId, reason, made_by AS MadeBy, at FROM device_revocations ORDER BY at, device, key_id").Select(static r => r.ToRevocation())];
    }

    public void Save(DeviceRevocation revocation, AccessDecision decision) => database.Write((connection, transaction) =>
    {
        connection.Execute(
            "INSERT INTO device_revocations (device, key_id, reason, made_by, at) VALUES (@Device, @Key, @Reason, @By, @At) ON CONFLICT (device, key_id) DO NOTHING",
            new { Device = revocation.Device.ToString(), Key = revocation.Key?.ToString() ?? "", revocation.Reason, revocation.By, At = revocation.At.ToUnixTimeMilliseconds() },
            transaction);
        SqliteAccessDecisionStore.Save(connection, transaction, decision);
    });

    public void Lift(DeviceId device, AccessDecision decision) => database.Write((connection, transaction) =>
    {
        connection.Execute("DELETE FROM device_revocations WHERE device = @Device AND key_id = ''", new { Device = device.ToString() }, transaction);
        SqliteAccessDecisionStore.Save(connection, transaction, decision);
    });

    private sealed class RevocationRow
    {
        public required string Device { get; init; }

        public required string KeyId { get; init; }

        public required string Reason { get; init; }

        public required string MadeBy { get; init; }

        public required long At { get; init; }

        public DeviceRevocation ToRevocation() => new(
            DeviceId.Parse(Device), KeyId.Length == 0 ? null : new KeyId(Sha256Digest.Parse(KeyId)), Reason, MadeBy, DateTimeOffset.FromUnixTimeMilliseconds(At));
    }
}
