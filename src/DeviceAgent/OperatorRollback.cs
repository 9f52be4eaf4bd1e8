using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.Manifest;

namespace Fota.DeviceAgent;

/// <summary>
/// An operator at the device wants back what ran before, from a trial or after its confirmation (docs/spec/gates.md). The other slot is read before anything changes, and
/// the intent is durable before the boot record; what is gone back to after a confirmation gets a trial, as data may have moved on meanwhile.
/// </summary>
internal sealed class OperatorRollback(AgentParts parts, StateStore state)
{
    private BootFacts Facts => parts.Boot.Facts;

    /// <summary>Makes the other slot the one that is started next. A reboot has to follow.</summary>
    /// <param name="running">The journal of what runs, if it is on trial.</param>
    /// <param name="cancellation">Ends it; nothing was changed then.</param>
    /// <exception cref="RejectedException">There is nothing to go back to; nothing was changed.</exception>
    /// <exception cref="IOException">The device's storage failed; nothing is started but what was before.</exception>
    public async Task BeginAsync(UpdateJournal? running, CancellationToken cancellation)
    {
        await DemandFallbackAsync(cancellation);
        parts.Boot.DemandWritable();
        AgentState before = state.Current;
        string? deployment = before.Confirmed.ManifestDigest == Facts.Release.ManifestDigest ? before.ConfirmedDeployment : null;
        UpdateJournal intent = (running ?? new UpdateJournal(deployment, UpdateStep.Activated, Facts.Running, Facts.Release, null)) with
        {
            Step = UpdateStep.Reverting,
            TrialFailure = "an operator had the device go back",
            ByOperator = true,
            TriesLeft = parts.Boot.Record[Facts.Running].Tries,
        };
        state.Update(current => current with { Journal = intent, Deferral = null });
        try
        {
            Follow();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Who was told that it failed must not see it happen on some later day.
            state.Update(current => current with { Journal = before.Journal });
            throw;
        }
    }

    /// <summary>
    /// Called where a confirmed release runs that was to be left. Either the power was cut between intent and boot record, or nobody has restarted the device, or what it was to go
    /// back to did not come up; the last ends it.
    /// </summary>
    /// <returns>Whether a reboot has to follow.</returns>
    public bool GoesBackAfterAll(UpdateJournal? running)
    {
        if (running is not { Step: UpdateStep.Reverting, ByOperator: true })
        {
            return false;
        }

        SlotName other = Facts.Running.Other();
        string why = "wanted a release that starts and is healthy, got none in its trial";
        try
        {
            parts.Boot.DemandWritable(); // a bootloader that cannot count the trial comes back here (A39)
            if (parts.Boot.Record[other].Successful)
            {
                Follow();
            }

            if (parts.Boot.Record[other].IsPending)
            {
                return true;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            why = e.Message; // and a device that would try it for ever is never heard of again
        }

        GiveUp(new Rejection(RejectionReason.NoFallback, $"slot {other}: {why}"));
        return false;
    }

    /// <summary>Ends the intent.</summary>
    public void GiveUp(Rejection why)
    {
        state.Update(current => current with { Journal = null, LastFailure = why });
        parts.Log.Refused(why);
    }

    private void Follow()
    {
        if (parts.Boot.Record[Facts.Running].Successful)
        {
            parts.Boot.TryAgain(InactiveSlot.Of(parts.Boot));
            return;
        }

        parts.Boot.EndTrial();
        state.Update(static current => current.Journal is { } journal ? current with { Journal = journal with { TriesLeft = 0 } } : current);
    }

    private async Task DemandFallbackAsync(CancellationToken cancellation)
    {
        SlotName other = Facts.Running.Other();
        SecurityVersion floor = parts.Counter.Read();
        if (!parts.Boot.Record[other].Successful)
        {
            throw NoFallback($"slot {other}: wanted a confirmed release, got none");
        }

        SlotClaim claim = SlotClaim.Read(parts.Slots, other);
        if (!claim.IsAtLeast(floor))
        {
            throw NoFallback($"slot {other}: wanted a release of security version {floor} (the floor) or more, got {claim.Content?.SecurityVersion.ToString() ?? "none that can be read"}");
        }

        if (await claim.FindDamageAsync(parts.Slots, cancellation) is { } damage)
        {
            throw NoFallback($"slot {other}: {damage}");
        }
    }

    private static RejectedException NoFallback(string detail) => new(RejectionReason.NoFallback, detail);
}
