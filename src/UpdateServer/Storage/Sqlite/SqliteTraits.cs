using Dapper;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Storage.Rows;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <summary>What operators say of devices, in the transaction of whatever it belongs to.</summary>
internal static class SqliteTraits
{
    public static IReadOnlyList<DeviceTraits> Load(SqliteConnection connection, SqliteTransaction transaction) =>
        [.. connection.Query<TraitRow>("SELECT device, site, hardware, time_zone AS TimeZone, tags, product FROM device_traits", transaction: transaction).Select(static r => r.ToTraits())];

    public static void Save(SqliteConnection connection, SqliteTransaction transaction, DeviceTraits traits) => connection.Execute(
        """
        INSERT INTO device_traits (device, site, hardware, time_zone, tags, product) VALUES (@Device, @Site, @Hardware, @TimeZone, @Tags, @Product)
        ON CONFLICT (device) DO UPDATE SET site = excluded.site, hardware = excluded.hardware, time_zone = excluded.time_zone, tags = excluded.tags, product = excluded.product
        """,
        TraitRow.From(traits),
        transaction);
}
