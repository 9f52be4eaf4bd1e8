using System.Collections.Immutable;
using Fota.Manifest;
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

    /// <summary>A person ended it; nothing was judged.</summary>
    Cancelled,
}

/// <summary>Somebody agreed to this release by this plan, and to no other.</summary>
internal sealed record Approval(string By, DateTimeOffset At, Sha256Digest ManifestDigest, Sha256Digest PlanDigest);

/// <summary>When a device that was asked has been silent for too long. Ordered by time.</summary>
internal readonly record struct Deadline(DateTimeOffset At, DeviceId Device) : IComparable<Deadline>
{
    public int CompareTo(Deadline other) => At != other.At ? At.CompareTo(other.At) : string.CompareOrdinal(Device.ToString(), other.Device.ToString());

    public static bool operator <(Deadline left, Deadline right) => left.CompareTo(right) < 0;

    public static bool operator >(Deadline left, Deadline right) => left.CompareTo(right) > 0;

    public static bool operator <=(Deadline left, Deadline right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Deadline left, Deadline right) => left.CompareTo(right) >= 0;
}

/// <summary>A rollout: the plan and how far it came. Immutable; <see cref="RolloutEngine"/> makes the next one.</summary>
/// <param name="Plan">What was asked for.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="Stage">Index of the stage that runs, or ran last; -1 in a draft.</param>
/// <param name="Members">Every device that a stage has taken so far.</param>
/// <param name="Reason">Why it was aborted or cancelled; else null.</param>
internal sealed record RolloutState(RolloutPlan Plan, RolloutStatus Status, int Stage, ImmutableDictionary<DeviceId, Member> Members, string? Reason)
{
    /// <summary>Who made the plan, and the newest edition of it.</summary>
    public string Author { get; init; } = "";

    /// <summary>Who agreed to it; null for nobody, or since it was edited.</summary>
    public Approval? Approval { get; init; }

    /// <summary>The latest moment that anything changed at. Time does not run backwards in a rollout: what comes with an earlier one comes at this one.</summary>
    public DateTimeOffset Clock { get; init; }

    /// <summary>Since when the rate of grants grows: the beginning of the stage, or the end of the last pause.</summary>
    public DateTimeOffset RampSince { get; init; }

    /// <summary>Since when the stage has been good without a break; null while it is not.</summary>
    public DateTimeOffset? GoodSince { get; init; }

    /// <summary>Whether it was said already that the stage has come to its end and is not good. No stage follows such a one.</summary>
    public bool Stalled { get; init; }

    /// <summary>When it was judged last, to <see cref="Absence.Grain"/>; the beginning of time where that is not known.</summary>
    public DateTimeOffset EvaluatedAt { get; init; }

    /// <summary>How many members stand where, one for each stage of the plan.</summary>
    public ImmutableArray<StageTally> Tallies { get; init; } = [.. new StageTally[Plan.Stages.Length]];

    /// <summary>By when each device that was asked has to say something; empty where the plan has no timeout.</summary>
    public ImmutableSortedSet<Deadline> Deadlines { get; init; } = [];

    /// <summary>Endings that were reported since the last evaluation. Not stored: they are judged before anything is.</summary>
    public ImmutableDictionary<DeviceId, UnjudgedEnding> Unjudged { get; init; } = ImmutableDictionary<DeviceId, UnjudgedEnding>.Empty;

    /// <summary>The grants of the last minute.</summary>
    public RecentGrants RecentGrants { get; init; } = RecentGrants.None;

    /// <summary>A new one.</summary>
    public static RolloutState Draft(RolloutPlan plan) => new(plan, RolloutStatus.Draft, -1, ImmutableDictionary<DeviceId, Member>.Empty, null);

    /// <summary>Whether it still changes by itself.</summary>
    public bool IsActive => Status is RolloutStatus.Running or RolloutStatus.Paused;

    /// <summary>Whether it will ever change its status again.</summary>
    public bool IsOver => Status is RolloutStatus.Completed or RolloutStatus.Aborted or RolloutStatus.Cancelled;

    /// <summary>The tallies of all stages together.</summary>
    public StageTally All
    {
        get
        {
            StageTally sum = default;
            foreach (StageTally tally in Tallies)
            {
                sum += tally;
            }

            return sum;
        }
    }

    /// <summary>Whether a deployment is one that this rollout granted a device: that of its grant, or of one before.</summary>
    public bool Made(string deployment, DeviceId device) =>
        Members.GetValueOrDefault(device) is { WasGranted: true } member && Enumerable.Range(0, member.Serial + 1).Any(serial => Plan.DeploymentOf(device, serial) == deployment);

    public bool HoldsGrant(DeviceId device) => Members.GetValueOrDefault(device)?.HoldsGrant ?? false;

    /// <summary>
    /// Whether a device is to be told what it was asked to install. While the rollout is paused one that waits for a gate is not, so that it does not begin; it keeps its grant.
    /// </summary>
    public bool Tells(DeviceId device) =>
        IsActive && Members.GetValueOrDefault(device) is { HoldsGrant: true } member && !(Status == RolloutStatus.Paused && member is { Status: MemberStatus.Granted, Deferral: not null });

    /// <summary>The same with everything that follows from the members, for one that was read from a store.</summary>
    public RolloutState WithDerived()
    {
        StageTally[] tallies = [.. Tallies];
        foreach (Member member in Members.Values)
        {
            tallies[member.Stage] = tallies[member.Stage].With(member, 1);
        }

        return this with
        {
            Tallies = [.. tallies],
            Deadlines = [.. Members.Values.Select(DeadlineOf).OfType<Deadline>()],
            RecentGrants = RecentGrants.Of(Members.Values.Select(static m => m.GrantedAt), Clock),
        };
    }

    /// <summary>The same with a member that is new or other, and with what follows from it; grants are counted by whoever gives them.</summary>
    public RolloutState With(Member member)
    {
        // It may be of another stage than it was: whoever reads several changes at once has not seen it leave.
        Member? old = Members.GetValueOrDefault(member.Device);
        ImmutableArray<StageTally> others = old is null ? Tallies : Tallies.SetItem(old.Stage, Tallies[old.Stage].With(old, -1));
        RolloutState next = this with { Members = Members.SetItem(member.Device, member), Tallies = others.SetItem(member.Stage, others[member.Stage].With(member, 1)) };
        Deadline? before = old is null ? null : DeadlineOf(old), after = DeadlineOf(member);
        if (before != after)
        {
            next = next with { Deadlines = before is { } past ? next.Deadlines.Remove(past) : next.Deadlines };
            next = next with { Deadlines = after is { } due ? next.Deadlines.Add(due) : next.Deadlines };
        }

        return next;
    }

    /// <summary>By when <paramref name="member"/> has to say something; null when nothing is waited for.</summary>
    public Deadline? DeadlineOf(Member member) => member.HoldsGrant && Plan.Timeout is { } timeout ? new Deadline(member.HeardAt + timeout, member.Device) : null;
}
