using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Health;
using Fota.DeviceAgent.Reporting;
using Fota.DeviceAgent.State;
using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Reports;

namespace Fota.DeviceAgent;

/// <summary>
/// What the agent does first after every start: it compares what the journal says with what the bootloader started, and goes on from there.
/// Every step of it may be interrupted and repeated.
/// </summary>
internal sealed class TrialBoot
{
    private readonly AgentParts _parts;
    private readonly StateStore _state;
    private readonly ReportQueue _reports;
    private readonly Action _markActivated;
    private readonly BootFacts _facts;

    public TrialBoot(AgentParts parts, StateStore state, ReportQueue reports, Action markActivated)
    {
        _parts = parts;
        _state = state;
        _reports = reports;
        _markActivated = markActivated;
        _facts = parts.Boot.Facts;
    }

    /// <summary>Finishes or gives up what was under way.</summary>
    /// <returns>Whether the system has to be restarted.</returns>
    public async Task<bool> ResumeAsync(CancellationToken cancellation)
    {
        if (ConfirmedUpdate.Resume(_state, _facts) is { } interrupted)
        {
            Finish(interrupted);
            return false;
        }

        UpdateJournal? journal = _state.Current.Journal;
        if (journal is not null && !journal.Runs(_facts) && ResumeElsewhere(journal))
        {
            return true;
        }

        if (_parts.Boot.Record[_facts.Running].Successful)
        {
            return false;
        }

        _markActivated(); // the power cut may have come between the boot record and the journal
        return await TryAsync(cancellation);
    }

    private async Task<bool> TryAsync(CancellationToken cancellation)
    {
        _parts.Log.Progress($"trial boot: {_facts.Release.Version} in slot {_facts.Running}");
        HealthVerdict verdict = await AskAsync(cancellation);
        if (verdict is HealthVerdict.Healthy healthy)
        {
            Finish(ConfirmedUpdate.Intend(_state, _facts, healthy));
            return false;
        }

        string detail = ((HealthVerdict.Unhealthy)verdict).Detail;
        Rejection why = new(RejectionReason.HealthCheckFailed, $"release {_facts.Release.Version}: {detail}");
        _parts.Log.Refused(why);
        if (!_parts.Boot.Record.BootOrder.Contains(_facts.Running.Other()))
        {
            // Reboots would lead here again, and never to an update. It stays unconfirmed, and asks for a better release (P3).
            GiveUp(why);
            return false;
        }

        _state.Update(state => state.Journal is { } journal && journal.TrialFailure != detail
            ? state with { Journal = journal with { TrialFailure = detail } }
            : state);
        return true;
    }

    private void GiveUp(Rejection why) => _state.Update(state => state.Journal is { } journal
        ? _reports.Add(
            state.WithFailed(journal.Release.ManifestDigest) with { Journal = null, LastFailure = why },
            journal.Deployment,
            journal.Release,
            ReportState.Failed,
            why)
        : state);

    // A boot record that was lost gives every slot a trial (A40): of an activation it tells only where the update had got as far as its envelope.
    private bool IsStaged(UpdateJournal journal)
    {
        try
        {
            return _parts.Slots.ReadEnvelope(journal.Slot) is { } envelope
                && SignedEnvelope.Decode(envelope).IsAccepted(out SignedEnvelope? staged, out _)
                && staged.ClaimedDigest == journal.Release.ManifestDigest;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private async Task<HealthVerdict> AskAsync(CancellationToken cancellation)
    {
        HealthVerdict verdict = new HealthVerdict.Unhealthy("no health check is configured");
        foreach (IHealthCheck check in _parts.HealthChecks)
        {
            verdict = await check.CheckAsync(cancellation);
            if (verdict is not HealthVerdict.Healthy)
            {
                break;
            }
        }

        return verdict;
    }

    // Intent (durable already), boot record, counter, then the state without intent, together with the report: each may be repeated (A36).
    private void Finish(ConfirmedUpdate update)
    {
        _parts.Boot.Confirm(update);
        _parts.Counter.Raise(update);
        _state.Update(state => _reports.Add(
            state with
            {
                // An older release that had to be booted again does not lower the reference against rollback.
                Confirmed = update.Release.Sequence >= state.Confirmed.Sequence ? update.Release : state.Confirmed,
                Journal = null,
                LastFailure = null,
                Failed = [.. state.Failed.Where(failed => failed != update.Release.ManifestDigest)], // it works after all
            },
            state.Journal?.Deployment,
            update.Release,
            ReportState.Confirmed));
        _parts.Log.Progress($"confirmed: {update.Release.Version} in slot {update.Slot}, floor {_parts.Counter.Read()}");
    }

    private bool ResumeElsewhere(UpdateJournal journal)
    {
        SlotBootState slot = _parts.Boot.Record[journal.Slot];
        if (journal.Step == UpdateStep.Installing && !((slot.IsPending || slot.IsExhausted) && IsStaged(journal)))
        {
            // The slot was never activated: the next assignment goes on with it, if it is the same. What runs on trial is judged first, and is another release.
            if (journal.Slot == _facts.Running || !_parts.Boot.Record[_facts.Running].Successful)
            {
                _state.Update(static state => state with { Journal = null });
            }

            return false;
        }

        if (slot.IsPending)
        {
            _markActivated();
            return true;
        }

        Rejection why = journal.TrialFailure is { } detail
            ? new Rejection(RejectionReason.HealthCheckFailed, detail)
            : new Rejection(RejectionReason.TrialBootFailed, $"slot {journal.Slot}: wanted a confirmed trial boot, got none in {SlotBootState.TrialBoots}");
        _markActivated();
        _state.Update(state => _reports.Add(
            state.WithFailed(journal.Release.ManifestDigest) with { Journal = null, LastFailure = why },
            journal.Deployment,
            journal.Release,
            ReportState.RolledBack,
            why));
        _parts.Log.Progress($"rolled back: {journal.Release.Version} to {_facts.Release.Version} in slot {_facts.Running}: {why}");
        return false;
    }
}
