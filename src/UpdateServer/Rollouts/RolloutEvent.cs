using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Rollouts;

/// <summary>A device as a rollout sees it.</summary>
/// <param name="Device">Which.</param>
/// <param name="ConfirmedDigest">The release it last said to run for good; null for none.</param>
internal sealed record FleetDevice(DeviceId Device, Sha256Digest? ConfirmedDigest);

/// <summary>What can happen to a rollout.</summary>
internal abstract record RolloutEvent
{
    private RolloutEvent()
    {
    }

    public sealed record Started : RolloutEvent;

    public sealed record Paused : RolloutEvent;

    public sealed record Resumed : RolloutEvent;

    public sealed record Aborted(string Reason) : RolloutEvent;

    /// <summary>A device asks whether there is something for it.</summary>
    public sealed record Asked(FleetDevice Device) : RolloutEvent;

    /// <summary>A device said how it went. Only signed evidence gets this far (promise P9).</summary>
    public sealed record Reported(DeviceId Device, VerifiedReport Report) : RolloutEvent;
}

/// <summary>What an event led to.</summary>
/// <param name="State">The rollout afterwards; the very same object when nothing changed.</param>
/// <param name="Changed">The members that are new or changed their status.</param>
/// <param name="Refused">Why the event is not possible now; null if it was.</param>
internal sealed record RolloutStep(RolloutState State, IReadOnlyCollection<Member> Changed, string? Refused = null);
