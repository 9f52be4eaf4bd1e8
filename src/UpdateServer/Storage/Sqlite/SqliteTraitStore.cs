using System.Text.Json;
using Dapper;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <inheritdoc cref="ITraitStore"/>
internal sealed class SqliteTraitStore(SqliteDatabase database) : ITraitStore
{
    public IReadOnlyList<DeviceTraits> Load()
    {
        using SqliteConnection connection = database.Open();
        return [.. connection.Query<TraitRow>("SELECT device, site, hardware, time_zone AS TimeZone, tags FROM device_traits").Select(static r => r.ToTraits())];
    }

    public void Save(DeviceTraits traits) => database.Write((connection, transaction) => connection.Execute(
        """
        INSERT INTO device_traits (device, site, hardware, time_zone, tags) VALUES (@Device, @Site, @Hardware, @TimeZone, @Tags)
        ON CONFLICT (device) DO UPDATE SET site = excluded.site, hardware = excluded.hardware, time_zone = excluded.time_zone, tags = excluded.tags
        """,
        new
        {
            Device = traits.Device.ToString(),
            traits.Site,
            traits.Hardware,
            TimeZone = traits.ZoneName,
            Tags = JsonSerializer.Serialize(traits.Tags.Order(StringComparer.Ordinal)),
        },
        transaction));

    private sealed class TraitRow
    {
        public required string Device { get; init; }

        public string? Site { get; init; }

        public string? Hardware { get; init; }

        public string? TimeZone { get; init; }

        public required string Tags { get; init; }

        public DeviceTraits ToTraits() => new(DeviceId.Parse(Device))
        {
            Site = Site,
            Hardware = Hardware,
            TimeZone = TimeZones.Find(TimeZone),
            ZoneName = TimeZone,
            Tags = [.. JsonSerializer.Deserialize<string[]>(Tags)!],
        };
    }
}
