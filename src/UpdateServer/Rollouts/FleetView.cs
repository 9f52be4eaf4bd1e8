using System.Collections.Immutable;
using Fota.Manifest;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Rollouts;

/// <summary>The devices of one product, as the server knows them now.</summary>
internal sealed class FleetView(ProductName product, FleetMemory memory) : IFleet
{
    public IEnumerable<FleetDevice> Devices => memory.Present.Where(d => d.Product.Equals(product)).Select(memory.Of);

    public IReadOnlyCollection<DeviceId> ShutOut => memory.ShutOut;

    public FleetDevice? Find(DeviceId device) => memory.Find(device) is { } record && record.Product.Equals(product) ? memory.Of(record) : null;
}

/// <summary>What the server knows of all devices.</summary>
/// <param name="Devices">What they said themselves.</param>
/// <param name="Traits">What operators say of them.</param>
internal sealed record FleetMemory(ImmutableDictionary<DeviceId, DeviceRecord> Devices, ImmutableDictionary<DeviceId, DeviceTraits> Traits)
{
    /// <summary>The names that administrators shut out.</summary>
    public ImmutableHashSet<DeviceId> ShutOut { get; init; } = [];

    /// <summary>Every device whose name is its product's. A record that another product's device left under a name is kept until the right one comes, and is nobody's.</summary>
    public IEnumerable<DeviceRecord> Present => Devices.Values.Where(IsPresent);

    /// <summary>The device with this name; null where none checked in, or where the name is another product's now.</summary>
    public DeviceRecord? Find(DeviceId device) => Devices.TryGetValue(device, out DeviceRecord? record) && IsPresent(record) ? record : null;

    /// <summary>Of which product a name is; null where nobody has it, and nobody said.</summary>
    public ProductName? ProductOf(DeviceId device) => Traits.GetValueOrDefault(device)?.Product ?? Devices.GetValueOrDefault(device)?.Product;

    /// <summary>A device as a rollout sees it.</summary>
    public FleetDevice Of(DeviceRecord device)
    {
        FleetDevice known = new(device.Device, device.ConfirmedDigest) { Version = device.Version, Floor = device.Floor, LastSeen = device.LastSeen, IsShutOut = ShutOut.Contains(device.Device) };
        return Traits.TryGetValue(device.Device, out DeviceTraits? traits)
            ? known with { Site = traits.Site, Hardware = traits.Hardware, TimeZone = traits.TimeZone, Tags = traits.Tags }
            : known;
    }

    private bool IsPresent(DeviceRecord record) => !Traits.TryGetValue(record.Device, out DeviceTraits? traits) || traits.Product is null || traits.Product.Equals(record.Product);
}
