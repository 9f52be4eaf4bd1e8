using System.Collections.Immutable;
using Fota.Manifest;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Rollouts;

/// <summary>The devices of one product, as the server knows them now.</summary>
internal sealed class FleetView(ProductName product, ImmutableDictionary<DeviceId, DeviceRecord> devices) : IFleet
{
    public IEnumerable<FleetDevice> Devices => devices.Values.Where(d => d.Product.Equals(product)).Select(Of);

    public FleetDevice? Find(DeviceId device) => devices.TryGetValue(device, out DeviceRecord? record) && record.Product.Equals(product) ? Of(record) : null;

    /// <summary>A device as a rollout sees it.</summary>
    public static FleetDevice Of(DeviceRecord device) => new(device.Device, device.ConfirmedDigest)
    {
        Version = device.Version,
        Floor = device.Floor,
        LastSeen = device.LastSeen,
    };
}
