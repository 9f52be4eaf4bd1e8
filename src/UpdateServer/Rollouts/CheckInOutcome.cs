using Fota.Manifest.Reports;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Rollouts;

/// <summary>What came of a check-in.</summary>
/// <param name="Device">What is known of the device now.</param>
/// <param name="Assigned">What it is asked to install; null for nothing.</param>
internal sealed record CheckInOutcome(DeviceRecord Device, AssignedRelease? Assigned)
{
    /// <summary>What it is told.</summary>
    public Assignment? Assignment => Assigned is null ? null : new Assignment(Assigned.Deployment, Assigned.Release.TargetPath);
}

/// <summary>A release that a device is asked to install, and the name under which it reports on it.</summary>
internal sealed record AssignedRelease(string Deployment, PlannedRelease Release)
{
    /// <summary>What a member of <paramref name="rollout"/> that holds a grant is asked to install: the plan's release, or one on the way to it.</summary>
    public static AssignedRelease Of(RolloutState rollout, Member member) => new(
        rollout.Plan.DeploymentOf(member.Device, member.Serial),
        rollout.Plan.ReleaseOf(member.Via));
}
