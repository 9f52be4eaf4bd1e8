using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Storage;

/// <summary>Keeps devices and rollouts.</summary>
internal interface IFleetStore
{
    /// <summary>Everything.</summary>
    (IReadOnlyList<DeviceRecord> Devices, IReadOnlyList<RolloutState> Rollouts) Load();

    /// <summary>Stores a change together with the report that caused it, wholly or not at all.</summary>
    void Save(FleetChange change);
}

/// <summary>What one event changes.</summary>
/// <param name="Device">The device's new record; null if none changed.</param>
/// <param name="Evidence">The signed report to keep; null if it is about no deployment.</param>
/// <param name="Rollouts">The rollouts that changed, and in them the members that did.</param>
internal sealed record FleetChange(DeviceRecord? Device, byte[]? Evidence, IReadOnlyList<RolloutStep> Rollouts);
