using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Health;
using Fota.DeviceAgent.State;

namespace Fota.DeviceAgent;

/// <summary>
/// The proof that the release that runs was found healthy in a trial boot, and that the intent to keep it is durable. Boot control makes nothing
/// else permanent, and the floor rises by nothing else (A36).
/// </summary>
public sealed class ConfirmedUpdate
{
    private ConfirmedUpdate(BootFacts facts, bool barsOtherSlot)
    {
        Slot = facts.Running;
        Release = facts.Release;
        BarsOtherSlot = barsOtherSlot;
    }

    /// <summary>The slot that runs.</summary>
    public SlotName Slot { get; }

    /// <summary>The release that runs.</summary>
    public InstalledRelease Release { get; }

    /// <summary>Whether the release in the other slot lies below the floor that this one brings.</summary>
    public bool BarsOtherSlot { get; }

    /// <summary>Writes the intent; from then on a power cut only delays the confirmation.</summary>
    internal static ConfirmedUpdate Intend(StateStore state, BootFacts facts, HealthVerdict.Healthy health)
    {
        ArgumentNullException.ThrowIfNull(health);
        UpdateJournal? journal = state.Current.Journal;
        UpdateJournal intent = journal is not null && journal.Runs(facts)
            ? journal with { Step = UpdateStep.Confirming, TrialFailure = null }
            : new UpdateJournal(null, UpdateStep.Confirming, facts.Running, facts.Release, null);
        state.Update(current => current with { Journal = intent });
        return From(state, facts);
    }

    /// <summary>The confirmation that a power cut interrupted, or null when there is no intent for what runs.</summary>
    internal static ConfirmedUpdate? Resume(StateStore state, BootFacts facts) =>
        state.Current.Journal is { Step: UpdateStep.Confirming } journal && journal.Runs(facts) ? From(state, facts) : null;

    private static ConfirmedUpdate From(StateStore state, BootFacts facts)
    {
        // Until this confirmation is through, the release confirmed last is the one in the other slot.
        InstalledRelease other = state.Current.Confirmed;
        return new ConfirmedUpdate(facts, other.ManifestDigest != facts.Release.ManifestDigest && other.SecurityVersion < facts.Release.SecurityVersion);
    }
}
