using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Gates;
using Fota.DeviceAgent.Health;
using Fota.DeviceAgent.Reporting;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.Manifest;
using Fota.Manifest.Reports;

namespace Fota.DeviceAgent;

/// <summary>What is to be done next in a trial boot, or after one.</summary>
internal enum TrialOutcome
{
    /// <summary>Nothing: what runs may check in.</summary>
    Settled = 1,

    /// <summary>The system has to be restarted.</summary>
    Reboot = 2,

    /// <summary>The trial goes on: its checks are asked again later. What runs may check in, and installs nothing.</summary>
    Undecided = 3,
}

/// <summary>
/// What the agent does first after every start: it compares what the journal says with what the bootloader started, and goes on from there.
/// Every step of it may be interrupted and repeated.
/// </summary>
internal sealed class TrialBoot
{
    /// <summary>A boot that came this far did not fail: from then on it is not counted against the trial that the power goes.</summary>
    private static readonly TimeSpan s_survival = TimeSpan.FromMinutes(10);

    private readonly AgentParts _parts;
    private readonly StateStore _state;
    private readonly ReportQueue _reports;
    private readonly DeferralNotes _deferrals;
    private readonly Action _markActivated;
    private readonly OperatorRollback _operator;
    private readonly BootFacts _facts;
    private readonly long _started;

    public TrialBoot(AgentParts parts, StateStore state, ReportQueue reports, DeferralNotes deferrals, Action markActivated)
    {
        _parts = parts;
        _state = state;
        _reports = reports;
        _deferrals = deferrals;
        _markActivated = markActivated;
        _operator = new OperatorRollback(parts, state);
        _facts = parts.Boot.Facts;
        _started = parts.Time.GetTimestamp();
    }

    /// <summary>Why the trial that goes on is undecided.</summary>
    public Rejection? Undecided { get; private set; }

    /// <summary>Whether there is a slot to go back to.</summary>
    public bool HasFallback => _parts.Boot.Record.BootOrder.Contains(_facts.Running.Other());

    private UpdateJournal? RunningJournal => _state.Current.Journal is { } journal && journal.Runs(_facts) ? journal : null;

    // The bootloader begins a trial's boots anew where it starts nothing else (B-13): then it refused what this one was to go back to, whatever the record says of that.
    private bool FallbackWasRefused => RunningJournal?.TriesLeft is { } left && _parts.Boot.Record[_facts.Running].Tries > left;

    /// <summary>Finishes or gives up what was under way, and judges the trial that goes on.</summary>
    public async Task<TrialOutcome> ResumeAsync(CancellationToken cancellation) => await ResumeBeforeTrialAsync(cancellation) ?? await JudgeAsync(cancellation);

    /// <summary>Finishes or gives up what was under way.</summary>
    /// <returns>Null when a trial goes on, which is to be judged.</returns>
    public async Task<TrialOutcome?> ResumeBeforeTrialAsync(CancellationToken cancellation)
    {
        if (ConfirmedUpdate.Resume(_state, _facts, _parts.Slots, _parts.HealthPolicy) is { } interrupted)
        {
            Finish(interrupted, RunningJournal is { ByOperator: true } journalled ? journalled.TrialFailure : null);
            return TrialOutcome.Settled;
        }

        UpdateJournal? journal = _state.Current.Journal;
        if (journal is not null && !journal.Runs(_facts) && await ResumeElsewhereAsync(journal, cancellation))
        {
            return TrialOutcome.Reboot;
        }

        if (_parts.Boot.Record[_facts.Running].Successful)
        {
            return _operator.GoesBackAfterAll(RunningJournal) ? TrialOutcome.Reboot : TrialOutcome.Settled;
        }

        BarRefusedFallback();
        if (RunningJournal is { Step: UpdateStep.Reverting } reverting)
        {
            if (HasFallback)
            {
                return GoBack(reverting.TrialFailure ?? "");
            }

            StayOnTrial(reverting);
        }

        if (RunningJournal is not null)
        {
            _markActivated(); // the power cut may have come between the boot record and the journal
        }

        _parts.Log.Progress($"trial boot: {_facts.Release.Version} in slot {_facts.Running}");
        return null;
    }

    /// <summary>Asks the health checks, and does what follows from their answer. Repeated as long as it is undecided.</summary>
    public async Task<TrialOutcome> JudgeAsync(CancellationToken cancellation)
    {
        HealthVerdict verdict = await HealthQuestion.AskAsync(_parts.HealthChecks, _parts.Time, cancellation);
        switch (verdict)
        {
            case HealthVerdict.Healthy healthy:
                Confirm(healthy, note: null);
                return TrialOutcome.Settled;
            case HealthVerdict.Inconclusive inconclusive:
                return Wait(new Rejection(RejectionReason.TrialUndecided, $"release {_facts.Release.Version}: {inconclusive.Detail}"));
            case HealthVerdict.Unhealthy unhealthy:
                return Fail(unhealthy.Detail);
            default:
                throw new InvalidOperationException("the set of verdicts is closed");
        }
    }

    /// <summary>Confirms the trial that is undecided on the word of an operator, if still nothing speaks against it.</summary>
    /// <exception cref="RejectedException">A check speaks against it: nobody's word outweighs that.</exception>
    public async Task ConfirmUndecidedAsync(CancellationToken cancellation)
    {
        HealthVerdict verdict = await HealthQuestion.AskAsync(_parts.HealthChecks, _parts.Time, cancellation);
        string? note = verdict switch
        {
            HealthVerdict.Healthy => null,
            HealthVerdict.Inconclusive inconclusive => $"confirmed by an operator, undecided: {inconclusive.Detail}",
            HealthVerdict.Unhealthy unhealthy => throw new RejectedException(RejectionReason.HealthCheckFailed, $"release {_facts.Release.Version}: {unhealthy.Detail}"),
            _ => throw new InvalidOperationException("the set of verdicts is closed"),
        };
        Confirm(new HealthVerdict.Healthy(), note);
    }

    /// <summary>Goes back to what ran before, as an operator wants it. The release is held to have failed.</summary>
    /// <exception cref="RejectedException">There is nothing to go back to.</exception>
    public Task GoBackForOperatorAsync(CancellationToken cancellation) => _operator.BeginAsync(RunningJournal, cancellation);

    /// <summary>Goes back to what ran before, though nothing speaks against what runs. The release is not held to have failed.</summary>
    /// <param name="why">Why, for the report.</param>
    public TrialOutcome GoBack(string why)
    {
        UpdateJournal intent = (RunningJournal ?? new UpdateJournal(null, UpdateStep.Activated, _facts.Running, _facts.Release, null)) with
        {
            Step = UpdateStep.Reverting,
            TrialFailure = why,
            TriesLeft = _parts.Boot.Record[_facts.Running].Tries,
        };
        Note(state => state.Journal == intent ? state : state with { Journal = intent });
        _parts.Boot.EndTrial();
        Note(state => state with { Journal = intent with { TriesLeft = 0 } });
        return TrialOutcome.Reboot;
    }

    private TrialOutcome Wait(Rejection why)
    {
        Undecided = why;
        _parts.Log.Waiting(why.ToString());
        DateTimeOffset now = _parts.Clock.Now;
        DateTimeOffset since = _state.Current.UndecidedSince ?? now;
        _state.Update(state => state.UndecidedSince is not null
            ? state
            : _reports.Add(state with { UndecidedSince = now }, RunningJournal?.Deployment, _facts.Release, ReportState.Activated, why));
        if (_parts.HealthPolicy.GiveUpUndecidedAfter is { } limit && now - since >= limit && HasFallback)
        {
            return GoBack(why.Detail);
        }

        if (_parts.Time.GetElapsedTime(_started) >= s_survival)
        {
            RenewTrial();
        }

        return TrialOutcome.Undecided;
    }

    private TrialOutcome Fail(string detail)
    {
        Rejection why = new(RejectionReason.HealthCheckFailed, $"release {_facts.Release.Version}: {detail}");
        _parts.Log.Refused(why);
        BarRefusedFallback();
        if (!HasFallback || FallbackWasRefused)
        {
            // Reboots would lead here again, and never to an update. It stays unconfirmed, and asks for a better release (P3).
            GiveUp(why);
            return TrialOutcome.Settled;
        }

        int tries = _parts.Boot.Record[_facts.Running].Tries;
        Note(state => RunningJournal is { } journal && (journal.TrialFailure != detail || journal.TriesLeft != tries || state.UndecidedSince is not null)
            ? state with { Journal = journal with { TrialFailure = detail, TriesLeft = tries }, UndecidedSince = null }
            : state);
        return TrialOutcome.Reboot;
    }

    // A record that calls it bootable all the same would have the device restart for ever.
    private void BarRefusedFallback()
    {
        if (!FallbackWasRefused || !HasFallback)
        {
            return;
        }

        InactiveSlot other = InactiveSlot.Of(_parts.Boot);
        _parts.Log.Refused(new Rejection(RejectionReason.NoFallback, $"slot {other.Name}: wanted a release that starts, got one that the bootloader refused"));
        try
        {
            _parts.Boot.Disable(other);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _parts.Log.Waiting($"slot {other.Name} cannot be barred: {e.Message}");
        }
    }

    private void StayOnTrial(UpdateJournal reverting)
    {
        Rejection why = new(RejectionReason.NoFallback, $"release {reverting.Release.Version}: wanted one to go back to, got none that starts");
        _state.Update(state => state with { Journal = reverting with { Step = UpdateStep.Activated, TrialFailure = null, ByOperator = false, TriesLeft = null }, LastFailure = why });
        _parts.Log.Refused(why);
    }

    // Noted first: boots that we give are not to be taken for such that the bootloader gave.
    private void RenewTrial()
    {
        _state.Update(static state => state.Journal is { TriesLeft: not null } journal ? state with { Journal = journal with { TriesLeft = null } } : state);
        _parts.Boot.RenewTrial();
    }

    // On the last of its boots a power cut would have the device go back although it is to be kept.
    private void Confirm(HealthVerdict.Healthy healthy, string? note)
    {
        if (_parts.Boot.Record[_facts.Running].Tries == 0)
        {
            RenewTrial();
        }

        Finish(ConfirmedUpdate.Intend(_state, _facts, _parts.Slots, _parts.HealthPolicy, healthy, note), note);
    }

    // Nothing holds up a revert, a disk that takes no more writes neither.
    private void Note(Func<AgentState, AgentState> change)
    {
        try
        {
            _state.Update(change);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _parts.Log.Waiting($"why the device goes back cannot be noted: {e.Message}");
        }
    }

    private void GiveUp(Rejection why) => _state.Update(state => RunningJournal is { } journal
        ? _reports.Add(
            state.WithFailed(journal.Release.ManifestDigest) with { Journal = null, LastFailure = why, UndecidedSince = null },
            journal.Deployment,
            journal.Release,
            ReportState.Failed,
            why)
        : state);

    // Intent (durable already), boot record, counter, then the state without intent, together with the report: each may be repeated (A36).
    private void Finish(ConfirmedUpdate update, string? note = null)
    {
        _parts.Boot.Confirm(update);
        _parts.Counter.Raise(update);
        SecurityVersion floor = _parts.Counter.Read();
        _state.Update(state => _reports.Add(
            (state with
            {
                // An older release that had to be booted again does not lower the reference against rollback.
                Confirmed = update.Release.Sequence >= state.Confirmed.Sequence ? update.Release : state.Confirmed,
                ConfirmedDeployment = update.Release.Sequence >= state.Confirmed.Sequence ? state.Journal?.Deployment : state.ConfirmedDeployment,
                Journal = null,
                LastFailure = null,
                UndecidedSince = null,
                PendingFloor = floor < update.Release.SecurityVersion ? new PendingFloor(update.Release.ManifestDigest, _parts.Clock.Now) : null,
            }).WithoutFailed(update.Release.ManifestDigest), // it works after all
            state.Journal?.Deployment,
            update.Release,
            ReportState.Confirmed,
            note: note));
        _parts.Log.Progress($"confirmed: {update.Release.Version} in slot {update.Slot}, floor {floor}");
    }

    private async Task<bool> ResumeElsewhereAsync(UpdateJournal journal, CancellationToken cancellation)
    {
        SlotBootState slot = _parts.Boot.Record[journal.Slot];
        bool isUntouched = !slot.IsPending || slot.Tries == SlotBootState.TrialBoots;
        switch (journal.Step)
        {
            case UpdateStep.Installing:
                // The slot was never activated, whatever a boot record that was lost makes of it (A40): the next assignment goes on with it, if it is the same. What runs
                // on trial is judged first, and is another release.
                Withdraw(journal);
                if (journal.Slot == _facts.Running || !_parts.Boot.Record[_facts.Running].Successful)
                {
                    _state.Update(static state => state with { Journal = null });
                }

                return false;
            case UpdateStep.Staged when isUntouched && !slot.IsExhausted:
                // Its activation was not noted, or never was: it is activated when the gates were asked.
                Withdraw(journal);
                return false;
            case UpdateStep.Activated when slot == SlotBootState.Unbootable && journal.TrialFailure is null:
                // It was withdrawn, and that was not noted.
                _state.Update(state => state with { Journal = journal with { Step = UpdateStep.Staged } });
                return false;
            case UpdateStep.Staged or UpdateStep.Activated when slot.IsPending:
                return await MayRebootAsync(journal, cancellation);
            default:
                RollBack(journal);
                return false;
        }
    }

    // Nothing vouches here for what the release may pass: no gate is overridden.
    private async Task<bool> MayRebootAsync(UpdateJournal journal, CancellationToken cancellation)
    {
        try
        {
            await GatePass.DemandAsync(_parts, GatePoint.Reboot, journal.Release, cancellation);
            _markActivated();
            _parts.Boot.DemandWritable(); // a bootloader that cannot count the trial comes back here: such reboots would not end (A39)
            _state.DemandWritable();
            return true;
        }
        catch (GateClosedException closed)
        {
            Withdraw(journal);
            _deferrals.Note(journal.Deployment, closed);
            return false;
        }
        catch
        {
            // A failing disk, or the end of the agent: no reboot follows, so nothing may be started by a power cut (A43).
            Withdraw(journal);
            throw;
        }
    }

    private void Withdraw(UpdateJournal journal)
    {
        InactiveSlot slot = InactiveSlot.Of(_parts.Boot);
        if (slot.Name != journal.Slot)
        {
            return;
        }

        try
        {
            _parts.Boot.Withdraw(slot);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A store that takes no more writes must not silence the device (A39), as long as it does not start the slot.
            if (_parts.Boot.Record[slot.Name].IsBootable)
            {
                throw;
            }
        }
    }

    private void RollBack(UpdateJournal journal)
    {
        // Given up, or gone by power cuts while nothing but its surroundings kept it from being confirmed: no fault of the release.
        bool isByOperator = journal is { Step: UpdateStep.Reverting, ByOperator: true };
        bool isUndecided = !isByOperator && (journal.Step is UpdateStep.Reverting or UpdateStep.Confirming || _state.Current.UndecidedSince is not null);
        Rejection why = isByOperator ? new Rejection(RejectionReason.RolledBackByOperator, $"release {journal.Release.Version} in slot {journal.Slot}: an operator had the device go back")
            : isUndecided ? new Rejection(RejectionReason.TrialUndecided, journal.TrialFailure ?? $"slot {journal.Slot}: the trial boot ended before it was decided")
            : journal.TrialFailure is { } detail ? new Rejection(RejectionReason.HealthCheckFailed, detail)
            : new Rejection(RejectionReason.TrialBootFailed, $"slot {journal.Slot}: wanted a confirmed trial boot, got none in {SlotBootState.TrialBoots}");

        // What an operator had the device go back to is on trial itself.
        UpdateJournal? trial = _parts.Boot.Record[_facts.Running].Successful ? null : new UpdateJournal(null, UpdateStep.Activated, _facts.Running, _facts.Release, null);
        _markActivated();
        _state.Update(state => _reports.Add(
            (isUndecided ? state : state.WithFailed(journal.Release.ManifestDigest).WithoutFailed(_facts.Release.ManifestDigest)) with
            {
                Journal = trial,
                LastFailure = why,
                UndecidedSince = null,
            },
            journal.Deployment,
            journal.Release,
            ReportState.RolledBack,
            why));
        _parts.Log.Progress($"rolled back: {journal.Release.Version} to {_facts.Release.Version} in slot {_facts.Running}: {why}");
    }
}
