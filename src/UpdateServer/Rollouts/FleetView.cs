using System.Collections.Immutable;
using Fota.Manifest;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Rollouts;

/// <summary>The devices of one product, as the server knows them now.</summary>
internal sealed class FleetView(ProductName product, FleetMemory memory) : IFleet
{
    public IEnumerable<FleetDevice> Devices => memory.Devices.Values.Where(d => d.Product.Equals(product)).Select(memory.Of);

    public FleetDevice? Find(DeviceId device) => memory.Devices.TryGetValue(device, out DeviceRecord? record) && record.Product.Equals(product) ? memory.Of(record) : null;
}

/// <summary>What the server knows of all devices.</summary>
/// <param name="Devices">What they said themselves.</param>
/// <param name="Traits">What operators say of them.</param>
internal sealed record FleetMemory(ImmutableDictionary<DeviceId, DeviceRecord> Devices, ImmutableDictionary<DeviceId, DeviceTraits> Traits)
{
    /// <summary>A device as a rollout sees it.</summary>
    public FleetDevice Of(DeviceRecord device)
    {
        FleetDevice known = new(device.Device, device.ConfirmedDigest) { Version = device.Version, Floor = device.Floor, LastSeen = device.LastSeen };
        return Traits.TryGetValue(device.Device, out DeviceTraits? traits)
            ? known with { Site = traits.Site, Hardware = traits.Hardware, TimeZone = traits.TimeZone, Tags = traits.Tags }
            : known;
    }
}
