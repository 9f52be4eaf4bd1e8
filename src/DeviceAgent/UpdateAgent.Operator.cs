using Fota.Manifest;

namespace Fota.DeviceAgent;

/// <summary>What a person at the device may have the agent do.</summary>
internal sealed partial class UpdateAgent
{
    /// <summary>Whether what was under way at the start was finished or given up, so that the device does its work.</summary>
    public bool HasResumed => _hasResumed;

    /// <summary>Whether the boot record calls what runs confirmed.</summary>
    public bool RunsConfirmed => _parts.Boot.Record[_parts.Boot.Facts.Running].Successful;

    /// <summary>Where the device stands: resumes, if that is to be done or failed, and judges a trial that is undecided once more.</summary>
    public async Task<AgentOutcome> SettleAsync(CancellationToken cancellation)
    {
        if (!_hasResumed || _resumesFirst)
        {
            return await ResumeAsync(cancellation);
        }

        return await OperateAsync(async () =>
        {
            if (_standing == TrialOutcome.Undecided)
            {
                _standing = await _trial.JudgeAsync(cancellation);
            }

            return Standing();
        });
    }

    /// <summary>
    /// Confirms a trial that its health checks leave undecided, on the word of an operator at the device; the report says so. A check that speaks against the release is
    /// not overruled.
    /// </summary>
    /// <exception cref="InvalidOperationException">The device does not stand at an undecided trial.</exception>
    public Task<AgentOutcome> ConfirmUndecidedAsync(CancellationToken cancellation) => AgentTelemetry.PassAsync("confirm", () => OperateAsync(async () =>
    {
        DemandStanding(TrialOutcome.Undecided);
        await _trial.ConfirmUndecidedAsync(cancellation);
        _standing = TrialOutcome.Settled;
        await _reports.TrySendQueuedAsync(cancellation);
        return new AgentOutcome.Idle(TimeSpan.Zero);
    }));

    /// <summary>
    /// Goes back to the release in the other slot, as an operator at the device wants: from a trial, which is not judged before, or after its confirmation as long as the other slot holds a
    /// confirmed release at or above the floor. What is left counts as failed on this device. No gate is asked: whoever stands before the device has decided.
    /// </summary>
    public Task<AgentOutcome> RollbackAsync(CancellationToken cancellation) => AgentTelemetry.PassAsync("rollback", () => OperateAsync(async () =>
    {
        if (!_hasResumed || _resumesFirst)
        {
            RememberBoot();
            _standing = await _trial.ResumeBeforeTrialAsync(cancellation) ?? TrialOutcome.Undecided;
        }

        if (_standing != TrialOutcome.Reboot)
        {
            await _trial.GoBackForOperatorAsync(cancellation);
            (_standing, _hasResumed, _resumesFirst) = (TrialOutcome.Reboot, true, false);
        }

        return new AgentOutcome.RebootRequested();
    }));

    private async Task<AgentOutcome> OperateAsync(Func<Task<AgentOutcome>> operate)
    {
        try
        {
            return await operate();
        }
        catch (RejectedException e)
        {
            _parts.Log.Refused(e.Rejection);
            return new AgentOutcome.Refused(e.Rejection, null);
        }
        catch (Exception e) when (IsStorage(e))
        {
            return StorageFailed(e);
        }
    }
}
