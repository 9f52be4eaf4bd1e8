using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Rollouts;

/// <summary>Where one device of a rollout stands.</summary>
internal enum MemberStatus
{
    None = 0,

    /// <summary>Chosen for a stage; nothing was said to it yet, or it is to be asked again.</summary>
    Waiting,

    /// <summary>It was given the assignment.</summary>
    Granted,

    /// <summary>It said that it had begun. It may go on by itself, whatever it is told.</summary>
    Begun,

    /// <summary>It booted this very release, confirmed it and signed that (promise P9). Final.</summary>
    Confirmed,

    /// <summary>It failed, went back or fell silent. Final: it is not asked again in this rollout.</summary>
    Failed,

    /// <summary>The assignment was taken back before the device said that it had begun.</summary>
    Withdrawn,

    /// <summary>It was let go, as it cannot come any more: neither success nor failure, and nobody waits for it. A later stage may take it, when it can.</summary>
    Left,

    /// <summary>It says that it runs this very release for good, and no key of its own stands behind that (promise P9). Final.</summary>
    Reported,
}

/// <summary>One device of a rollout.</summary>
internal sealed record Member(DeviceId Device, int Stage, MemberStatus Status)
{
    /// <summary>Why it waits, as it said itself: one of its gates is closed. That is neither success nor failure. Null while it does not.</summary>
    public string? Deferral { get; init; }

    /// <summary>What stands behind its reports, as it was when it was chosen.</summary>
    public Evidence Evidence { get; init; }

    /// <summary>How many grants it had before this one; each has a name of its own.</summary>
    public int Serial { get; init; }

    /// <summary>How often it was asked again after a failure.</summary>
    public int Retries { get; init; }

    /// <summary>Index of the release on the way that it was asked to install; null: the plan's own.</summary>
    public int? Via { get; init; }

    /// <summary>Index of the release on the way that it confirmed last; null for none. What it is asked for next is a later one.</summary>
    public int? Passed { get; init; }

    /// <summary>Whether it failed by saying nothing.</summary>
    public bool Silent { get; init; }

    /// <summary>When it was asked last.</summary>
    public DateTimeOffset GrantedAt { get; init; }

    /// <summary>When it last said something about what it was asked; the grant counts as well.</summary>
    public DateTimeOffset HeardAt { get; init; }

    /// <summary>Ordinal of the newest of these reports, so that what comes later than it and is older undoes nothing. Not stored: it orders what is judged together.</summary>
    public long Ordinal { get; init; }

    /// <summary>The device as a member of a stage that takes it.</summary>
    /// <param name="before">What it was; null unless it was a member before, and left.</param>
    /// <param name="device">As it is.</param>
    /// <param name="stage">Index of the stage.</param>
    public static Member Taken(Member? before, FleetDevice device, int stage) => before is null
        ? new Member(device.Device, stage, MemberStatus.Waiting) { Evidence = device.Evidence }
        : before with { Stage = stage, Status = MemberStatus.Waiting, Evidence = device.Evidence, Via = null, Passed = null, Serial = before.GrantedAt == default ? before.Serial : before.Serial + 1 };

    /// <summary>Whether nothing more will come of it.</summary>
    public bool IsTerminal => Status is MemberStatus.Confirmed or MemberStatus.Failed or MemberStatus.Reported;

    /// <summary>Whether it was ever asked: one that waits, or was let go, may never have been. Of others the moment is not known where they are from before it was kept.</summary>
    public bool WasGranted => Status is not (MemberStatus.Waiting or MemberStatus.Left) || GrantedAt != default;

    /// <summary>Whether the device is to be told its assignment when it asks, as long as the rollout is active.</summary>
    public bool HoldsGrant => Status is MemberStatus.Granted or MemberStatus.Begun;
}
