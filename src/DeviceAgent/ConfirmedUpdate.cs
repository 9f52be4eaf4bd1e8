using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Health;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.Manifest;

namespace Fota.DeviceAgent;

/// <summary>
/// The proof that the release that runs was found healthy in a trial boot, and that the intent to keep it is durable. Boot control makes nothing
/// else permanent, and the floor rises by nothing else (A36).
/// </summary>
public sealed class ConfirmedUpdate
{
    private ConfirmedUpdate(BootFacts facts, SecurityVersion floor, bool barsOtherSlot)
    {
        Slot = facts.Running;
        Release = facts.Release;
        Floor = floor;
        BarsOtherSlot = barsOtherSlot;
    }

    /// <summary>The slot that runs.</summary>
    public SlotName Slot { get; }

    /// <summary>The release that runs.</summary>
    public InstalledRelease Release { get; }

    /// <summary>The floor that it brings: its security version, or 0 as long as the device's policy lets the floor lag behind (it stays then). Never more than the former.</summary>
    public SecurityVersion Floor { get; }

    /// <summary>Whether the release in the other slot lies below <see cref="Floor"/>.</summary>
    public bool BarsOtherSlot { get; }

    /// <summary>Writes the intent; from then on a power cut only delays the confirmation. An operator's has a note, for the report.</summary>
    internal static ConfirmedUpdate Intend(StateStore state, BootFacts facts, ISlotReader slots, HealthPolicy policy, HealthVerdict.Healthy health, string? note = null)
    {
        ArgumentNullException.ThrowIfNull(health);
        UpdateJournal? journal = state.Current.Journal;
        UpdateJournal intent = journal is not null && journal.Runs(facts)
            ? journal
            : new UpdateJournal(null, UpdateStep.Activated, facts.Running, facts.Release, null);
        state.Update(current => current with { Journal = intent with { Step = UpdateStep.Confirming, TrialFailure = note, ByOperator = note is not null } });
        return From(facts, slots, policy);
    }

    /// <summary>The confirmation that a power cut interrupted, or null when there is no intent for what runs.</summary>
    internal static ConfirmedUpdate? Resume(StateStore state, BootFacts facts, ISlotReader slots, HealthPolicy policy) =>
        state.Current.Journal is { Step: UpdateStep.Confirming } journal && journal.Runs(facts) ? From(facts, slots, policy) : null;

    /// <summary>
    /// The floor that was to follow later: null unless the release that it is for runs, is permanent, was kept for long enough, and is healthy now. The pending floor
    /// is the durable intent here.
    /// </summary>
    internal static ConfirmedUpdate? FloorDue(StateStore state, IBootControl boot, ISlotReader slots, HealthPolicy policy, DateTimeOffset now, HealthVerdict.Healthy health)
    {
        ArgumentNullException.ThrowIfNull(health);
        BootFacts facts = boot.Facts;
        return IsDue(state, boot, policy, now) ? new ConfirmedUpdate(facts, facts.Release.SecurityVersion, !SlotClaim.Read(slots, facts.Running.Other()).IsAtLeast(facts.Release.SecurityVersion)) : null;
    }

    /// <summary>Whether the pending floor would rise now, if the release is healthy.</summary>
    internal static bool IsDue(StateStore state, IBootControl boot, HealthPolicy policy, DateTimeOffset now)
    {
        BootRecord record = boot.Record;
        return state.Current.PendingFloor is { } pending
            && pending.Manifest == boot.Facts.Release.ManifestDigest
            && record[boot.Facts.Running].Successful
            && !record[boot.Facts.Running.Other()].IsPending // it may lie below: that is judged by its own trial first
            && now - pending.Since >= policy.FloorDelay;
    }

    private static ConfirmedUpdate From(BootFacts facts, ISlotReader slots, HealthPolicy policy)
    {
        if (policy.FloorDelay > TimeSpan.Zero)
        {
            return new ConfirmedUpdate(facts, default, barsOtherSlot: false);
        }

        // What cannot be read now may be the only way back; nothing below the floor is started from it all the same.
        SlotClaim other = SlotClaim.Read(slots, facts.Running.Other());
        return new ConfirmedUpdate(facts, facts.Release.SecurityVersion, !other.IsUnreadable && !other.IsAtLeast(facts.Release.SecurityVersion));
    }
}
