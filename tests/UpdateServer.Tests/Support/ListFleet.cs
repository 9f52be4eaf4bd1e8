using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>A fleet as a test wrote it down.</summary>
internal sealed class ListFleet(IReadOnlyList<FleetDevice> devices) : IFleet
{
    public IEnumerable<FleetDevice> Devices => devices;

    public IReadOnlyCollection<DeviceId> ShutOut => [.. devices.Where(static d => d.IsShutOut).Select(static d => d.Device)];

    public FleetDevice? Find(DeviceId device) => devices.FirstOrDefault(d => d.Device.Equals(device));
}
