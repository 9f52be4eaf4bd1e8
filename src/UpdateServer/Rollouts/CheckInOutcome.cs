using Fota.Manifest.Reports;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Rollouts;

/// <summary>What came of a check-in.</summary>
/// <param name="Device">What is known of the device now.</param>
/// <param name="Assigned">The plan by which it is asked to install something; null when it is not.</param>
internal sealed record CheckInOutcome(DeviceRecord Device, RolloutPlan? Assigned)
{
    /// <summary>What it is told.</summary>
    public Assignment? Assignment => Assigned is null ? null : new Assignment(Assigned.DeploymentOf(Device.Device), Assigned.TargetPath);
}
