using System.Text.Json;
using Fota.Manifest;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Storage.Rows;

/// <summary>A row of the table device_traits.</summary>
internal sealed class TraitRow
{
    public required string Device { get; init; }

    public string? Site { get; init; }

    public string? Hardware { get; init; }

    public string? TimeZone { get; init; }

    public required string Tags { get; init; }

    public string? Product { get; init; }

    public static TraitRow From(DeviceTraits t) => new()
    {
        Device = t.Device.ToString(),
        Site = t.Site,
        Hardware = t.Hardware,
        TimeZone = t.ZoneName,
        Tags = JsonSerializer.Serialize(t.Tags.Order(StringComparer.Ordinal)),
        Product = t.Product?.ToString(),
    };

    public DeviceTraits ToTraits() => new(DeviceId.Parse(Device))
    {
        Site = Site,
        Hardware = Hardware,
        TimeZone = TimeZones.Find(TimeZone),
        ZoneName = TimeZone,
        Tags = [.. JsonSerializer.Deserialize<string[]>(Tags)!],
        Product = Product is null ? null : ProductName.Parse(Product),
    };
}
