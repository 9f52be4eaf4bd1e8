using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Health;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.Manifest;
using Fota.Manifest.Envelope;

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

    /// <summary>Writes the intent; from then on a power cut only delays the confirmation.</summary>
    internal static ConfirmedUpdate Intend(StateStore state, BootFacts facts, HealthPolicy policy, HealthVerdict.Healthy health)
    {
        ArgumentNullException.ThrowIfNull(health);
        UpdateJournal? journal = state.Current.Journal;
        UpdateJournal intent = journal is not null && journal.Runs(facts)
            ? journal with { Step = UpdateStep.Confirming, TrialFailure = null }
            : new UpdateJournal(null, UpdateStep.Confirming, facts.Running, facts.Release, null);
        state.Update(current => current with { Journal = intent });
        return From(state, facts, policy);
    }

    /// <summary>The confirmation that a power cut interrupted, or null when there is no intent for what runs.</summary>
    internal static ConfirmedUpdate? Resume(StateStore state, BootFacts facts, HealthPolicy policy) =>
        state.Current.Journal is { Step: UpdateStep.Confirming } journal && journal.Runs(facts) ? From(state, facts, policy) : null;

    /// <summary>
    /// The floor that was to follow later: null unless the release that it is for runs, is permanent, was kept for long enough, and is healthy now. The pending floor
    /// is the durable intent here.
    /// </summary>
    internal static ConfirmedUpdate? FloorDue(StateStore state, IBootControl boot, ISlotReader slots, HealthPolicy policy, DateTimeOffset now, HealthVerdict.Healthy health)
    {
        ArgumentNullException.ThrowIfNull(health);
        BootFacts facts = boot.Facts;
        return IsDue(state, boot, policy, now) ? new ConfirmedUpdate(facts, facts.Release.SecurityVersion, !HoldsAtLeast(slots, facts.Running.Other(), facts.Release.SecurityVersion)) : null;
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

    private static ConfirmedUpdate From(StateStore state, BootFacts facts, HealthPolicy policy)
    {
        if (policy.FloorDelay > TimeSpan.Zero)
        {
            return new ConfirmedUpdate(facts, default, barsOtherSlot: false);
        }

        // Until this confirmation is through, the release confirmed last is the one in the other slot.
        InstalledRelease other = state.Current.Confirmed;
        return new ConfirmedUpdate(facts, facts.Release.SecurityVersion, other.ManifestDigest != facts.Release.ManifestDigest && other.SecurityVersion < facts.Release.SecurityVersion);
    }

    // What the envelope says proves nothing; a slot that lies about it is refused by the bootloader, and one that says nothing is of no use.
    private static bool HoldsAtLeast(ISlotReader slots, SlotName slot, SecurityVersion floor) =>
        slots.ReadEnvelope(slot) is { } envelope
        && SignedEnvelope.Decode(envelope).IsAccepted(out SignedEnvelope? signed, out _)
        && signed.UnverifiedContent().IsAccepted(out UpdateManifest? content, out _)
        && content.SecurityVersion >= floor;
}
