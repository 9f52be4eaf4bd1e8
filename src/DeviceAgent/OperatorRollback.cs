using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.Manifest;

namespace Fota.DeviceAgent;

/// <summary>
/// An operator at the device wants back what ran before, from a trial or after its confirmation (docs/spec/gates.md). The intent is durable before the boot record
/// changes; the bootloader proves what it starts then, as ever, and nothing below the floor starts.
/// </summary>
internal sealed class OperatorRollback(AgentParts parts, StateStore state)
{
    private const string Why = "an operator had the device go back";

    private BootFacts Facts => parts.Boot.Facts;

    /// <summary>Makes the other slot the one that is started next. A reboot has to follow.</summary>
    /// <param name="running">The journal of what runs, if it is on trial.</param>
    /// <exception cref="RejectedException">There is nothing to go back to; nothing was changed.</exception>
    public void Begin(UpdateJournal? running)
    {
        DemandFallback();
        UpdateJournal intent = (running ?? new UpdateJournal(null, UpdateStep.Activated, Facts.Running, Facts.Release, null)) with { Step = UpdateStep.Reverting, TrialFailure = Why, ByOperator = true };
        state.Update(before => before with { Journal = intent, Deferral = null });
        if (parts.Boot.Record[Facts.Running].Successful)
        {
            parts.Boot.Prefer(Facts.Running.Other());
        }
        else
        {
            parts.Boot.EndTrial();
        }
    }

    /// <summary>
    /// Called where a confirmed release runs that was to be left: the power was cut between intent and boot record, or the bootloader refused the other slot.
    /// The latter ends it, or the device would restart for ever.
    /// </summary>
    /// <returns>Whether a reboot has to follow.</returns>
    public bool GoesBackAfterAll(UpdateJournal? running)
    {
        if (running is not { Step: UpdateStep.Reverting, ByOperator: true })
        {
            return false;
        }

        SlotName other = Facts.Running.Other();
        BootRecord record = parts.Boot.Record;
        if (record.BootOrder[0] == Facts.Running && record[other].Successful)
        {
            parts.Boot.Prefer(other);
            return true;
        }

        parts.Boot.Prefer(Facts.Running);
        Rejection why = new(RejectionReason.NoFallback, $"slot {other}: wanted a release that starts, got one that the bootloader refused");
        state.Update(before => before with { Journal = null, LastFailure = why });
        parts.Log.Refused(why);
        return false;
    }

    private void DemandFallback()
    {
        BootRecord record = parts.Boot.Record;
        SlotName other = Facts.Running.Other();
        SecurityVersion floor = parts.Counter.Read();
        if (record[Facts.Running].Successful ? !record[other].Successful : !record[other].IsBootable)
        {
            throw new RejectedException(RejectionReason.NoFallback, $"slot {other}: wanted a confirmed release, got none");
        }

        SlotClaim claim = SlotClaim.Read(parts.Slots, other);
        if (!claim.IsAtLeast(floor))
        {
            throw new RejectedException(
                RejectionReason.NoFallback, $"slot {other}: wanted a release of security version {floor} (the floor) or more, got {claim.Content?.SecurityVersion.ToString() ?? "none that can be read"}");
        }
    }
}
