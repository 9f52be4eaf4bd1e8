using System.Collections.Immutable;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Rollouts;

/// <summary>Where a rollout stands.</summary>
internal enum RolloutStatus
{
    None = 0,
    Draft,
    Running,
    Paused,
    Completed,
    Aborted,
}

/// <summary>Where one device of a rollout stands.</summary>
internal enum MemberStatus
{
    None = 0,

    /// <summary>Chosen for a stage; nothing was said to it yet.</summary>
    Waiting,

    /// <summary>It was given the assignment.</summary>
    Granted,

    /// <summary>It said that it had begun. It may go on by itself, whatever it is told.</summary>
    Begun,

    /// <summary>It booted this very release, confirmed it and signed that (promise P9). Final.</summary>
    Confirmed,

    /// <summary>It failed or went back. Final: it is not asked again in this rollout.</summary>
    Failed,

    /// <summary>The assignment was taken back before the device said that it had begun.</summary>
    Withdrawn,
}

/// <summary>One device of a rollout.</summary>
internal sealed record Member(DeviceId Device, int Stage, MemberStatus Status)
{
    /// <summary>Why it waits, as it said itself: one of its gates is closed. That is neither success nor failure. Null while it does not.</summary>
    public string? Deferral { get; init; }

    /// <summary>Whether nothing more will come of it.</summary>
    public bool IsTerminal => Status is MemberStatus.Confirmed or MemberStatus.Failed;

    /// <summary>Whether the device is to be told its assignment when it asks, as long as the rollout is active.</summary>
    public bool HoldsGrant => Status is MemberStatus.Granted or MemberStatus.Begun;
}

/// <summary>A rollout: the plan and how far it came. Immutable; <see cref="RolloutEngine"/> makes the next one.</summary>
/// <param name="Plan">What was asked for.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="Stage">Index of the stage that runs, or ran last; -1 in a draft.</param>
/// <param name="Members">Every device that a stage has taken so far.</param>
/// <param name="Reason">Why it was aborted; else null.</param>
internal sealed record RolloutState(RolloutPlan Plan, RolloutStatus Status, int Stage, ImmutableDictionary<DeviceId, Member> Members, string? Reason)
{
    public static RolloutState Draft(RolloutPlan plan) => new(plan, RolloutStatus.Draft, -1, ImmutableDictionary<DeviceId, Member>.Empty, null);

    /// <summary>Whether it still changes by itself.</summary>
    public bool IsActive => Status is RolloutStatus.Running or RolloutStatus.Paused;

    /// <summary>Whether it will ever change its status again.</summary>
    public bool IsOver => Status is RolloutStatus.Completed or RolloutStatus.Aborted;

    public bool HoldsGrant(DeviceId device) => Members.GetValueOrDefault(device)?.HoldsGrant ?? false;

    public int Count(MemberStatus status) => Members.Values.Count(m => m.Status == status);

    public int Count(MemberStatus status, int stage) => Members.Values.Count(m => m.Stage == stage && m.Status == status);
}
