using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Fetching;
using Fota.DeviceAgent.Gates;
using Fota.DeviceAgent.Reporting;
using Fota.DeviceAgent.State;
using Fota.Manifest;
using Fota.Manifest.Metadata;
using Fota.Manifest.Reports;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent;

/// <summary>
/// Keeps one device up to date. Call <see cref="ResumeAsync"/> once after every start of the process, then <see cref="CheckInAsync"/> now and
/// then; when one of them asks for a reboot, nothing else may be called. Not for use by several threads.
/// </summary>
internal sealed partial class UpdateAgent
{
    private readonly AgentParts _parts;
    private readonly StateStore _state;
    private readonly ReportQueue _reports;
    private readonly Installation _installation;
    private readonly TrialBoot _trial;
    private readonly FloorSchedule _floor;
    private readonly DeferralNotes _deferrals;
    private readonly IdleMetadata _metadata;
    private TrialOutcome _standing = TrialOutcome.Reboot;
    private bool _hasResumed, _resumesFirst;

    /// <summary>Reads the device's state.</summary>
    /// <exception cref="Storage.DeviceStateException">The state is missing or unreadable.</exception>
    public UpdateAgent(AgentParts parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        _parts = parts;
        _state = new StateStore(parts.Store);
        Transport transport = Transport.Of(parts);
        Uri repository = new(parts.Server, "repo/");
        MetadataRefresh metadata = new(
            MetadataProfile.Fota, parts.Store, MetadataRefresh.AgentFolder, new RepositoryClient([new RepositorySource(new Uri(repository, "metadata/"), parts.Http)], transport), new TimestampTag(parts.Store));
        RepositoryClient content = new([.. parts.Mirrors, new RepositorySource(repository, parts.Http)], transport);
        _metadata = new IdleMetadata(parts, _state, metadata);
        CheckInClient checkIn = new(parts.Http, parts.Server, parts.Key, transport);
        _reports = new ReportQueue(parts.Identity, _state, parts.Boot, parts.Counter, parts.Time, checkIn, parts.Log);
        _deferrals = new DeferralNotes(parts, _state, _reports);
        _floor = new FloorSchedule(parts, _state);
        _installation = new Installation(parts, _state, _reports, new ManifestDownload(metadata, content), content);
        _trial = new TrialBoot(parts, _state, _reports, _deferrals, _installation.MarkActivated);
    }

    /// <summary>
    /// Goes on with what was under way when the device or the agent stopped: confirms, gives up, or asks for a reboot. Where the device's storage fails, this is
    /// refused, and the next check-in begins with it.
    /// </summary>
    public Task<AgentOutcome> ResumeAsync(CancellationToken cancellation) => AgentTelemetry.PassAsync("resume", () => ResumeOnceAsync(cancellation));

    private async Task<AgentOutcome> ResumeOnceAsync(CancellationToken cancellation)
    {
        _standing = TrialOutcome.Reboot;
        _resumesFirst = false;
        RememberBoot();
        try
        {
            _standing = await _trial.ResumeAsync(cancellation);
        }
        catch (Exception e) when (IsStorage(e))
        {
            return StorageFailed(e);
        }

        _hasResumed = true;
        return Standing();
    }

    private AgentOutcome Standing() => _standing switch
    {
        TrialOutcome.Reboot => new AgentOutcome.RebootRequested(),
        TrialOutcome.Undecided => new AgentOutcome.OnTrial(_trial.Undecided!, TimeSpan.Zero),
        _ => new AgentOutcome.Idle(TimeSpan.Zero),
    };

    /// <summary>One check-in, and the installation that the answer asks for. A trial that is undecided is judged once more before.</summary>
    /// <exception cref="InvalidOperationException"><see cref="ResumeAsync"/> was not called before, or a reboot was requested.</exception>
    public Task<AgentOutcome> CheckInAsync(CancellationToken cancellation) => AgentTelemetry.PassAsync("check-in", () => CheckInOnceAsync(cancellation));

    private async Task<AgentOutcome> CheckInOnceAsync(CancellationToken cancellation)
    {
        if (_resumesFirst && await ResumeOnceAsync(cancellation) is var resumed && _standing == TrialOutcome.Reboot)
        {
            return resumed;
        }

        if (_standing == TrialOutcome.Reboot)
        {
            throw new InvalidOperationException("A check-in follows a resumption after which no reboot is pending.");
        }

        try
        {
            if (_standing == TrialOutcome.Undecided && (_standing = await _trial.JudgeAsync(cancellation)) == TrialOutcome.Reboot)
            {
                return new AgentOutcome.RebootRequested();
            }

            await _floor.SettleAsync(cancellation);
            CheckInAnswer answer = await _reports.CheckInAsync(cancellation);
            AgentOutcome outcome = await FollowAsync(answer, cancellation);
            if (outcome is AgentOutcome.RebootRequested)
            {
                _standing = TrialOutcome.Reboot;
            }

            return outcome;
        }
        catch (RepositoryUnavailableException e)
        {
            _parts.Log.Waiting(e.Message);
            return new AgentOutcome.Unavailable(e.Message) { RetryAfter = e.RetryAfter };
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

    // Failures of the network come out as RepositoryUnavailableException, long before.
    private static bool IsStorage(Exception e) => e is IOException or UnauthorizedAccessException;

    // What was being changed may stand half: an activation that could not be taken back, most of all. The next check-in begins where a restart would.
    private AgentOutcome.Refused StorageFailed(Exception e)
    {
        _resumesFirst = true;
        Rejection why = new(RejectionReason.StorageFailed, e.Message);
        _parts.Log.Refused(why);
        return new AgentOutcome.Refused(why, null);
    }

    /// <summary>
    /// Installs a release that no server assigned, from any copy of the repository: a service technician's memory card, a mirror. It is proven as one that comes from the
    /// server, and waits for the same gates; only nobody is told.
    /// </summary>
    /// <param name="http">Reaches <paramref name="repository"/>.</param>
    /// <param name="repository">Address of the copy, ending in '/', with metadata, targets, tables and packs below it.</param>
    /// <param name="targetPath">Which release: the path of its envelope.</param>
    /// <param name="cancellation">Ends it; what was begun goes on with the next attempt.</param>
    /// <exception cref="InvalidOperationException"><see cref="ResumeAsync"/> was not called before, or left a reboot or a trial pending.</exception>
    public Task<AgentOutcome> InstallAsync(HttpClient http, Uri repository, string targetPath, CancellationToken cancellation) =>
        AgentTelemetry.PassAsync("install", () => InstallOnceAsync(http, repository, targetPath, cancellation));

    private async Task<AgentOutcome> InstallOnceAsync(HttpClient http, Uri repository, string targetPath, CancellationToken cancellation)
    {
        DemandStanding(TrialOutcome.Settled);
        try
        {
            AgentOutcome outcome = await new InstallationFromCopy(_parts, _state, _reports, _deferrals).RunAsync(http, repository, targetPath, cancellation);
            _standing = outcome is AgentOutcome.RebootRequested ? TrialOutcome.Reboot : _standing;
            return outcome;
        }
        catch (Exception e) when (IsStorage(e))
        {
            return StorageFailed(e);
        }
    }

    private void DemandStanding(TrialOutcome wanted)
    {
        if (_standing != wanted || _resumesFirst)
        {
            throw new InvalidOperationException($"This follows a resumption that left the device {wanted}; it is {_standing}.");
        }
    }

    private async Task<AgentOutcome> FollowAsync(CheckInAnswer answer, CancellationToken cancellation)
    {
        if (_standing == TrialOutcome.Undecided && (answer.Assignment is null || answer.Assignment.Deployment == _state.Current.Journal?.Deployment))
        {
            return new AgentOutcome.OnTrial(_trial.Undecided!, answer.NextCheckIn);
        }

        if (answer.Assignment is not { } assignment)
        {
            // An installation that broke off, or waits, and is not wanted any more.
            if (_state.Current.Journal is { Deployment: not null } || _state.Current.Deferral is not null)
            {
                // What came from a copy of the repository is not the server's to take back.
                _state.Update(static state => state with { Journal = state.Journal is { Deployment: null } ? state.Journal : null, Deferral = null });
                KeptParts.Forget(_parts.Store);
            }

            await _metadata.RefreshIfDueAsync(cancellation);
            return new AgentOutcome.Idle(answer.NextCheckIn);
        }

        _parts.Log.Progress($"assigned: {Printable(assignment.TargetPath)}");
        InstalledRelease? release = null;
        try
        {
            if (await _deferrals.StillClosedAsync(assignment.Deployment, cancellation) is { } waiting)
            {
                return new AgentOutcome.Deferred(new Rejection(RejectionReason.GateClosed, waiting.Detail), answer.NextCheckIn);
            }

            AdmittedManifest manifest = await AdmitAsync(assignment, cancellation);
            release = InstalledRelease.Of(manifest.Manifest);
            if (release.ManifestDigest != _parts.Boot.Facts.Release.ManifestDigest)
            {
                return await InstallAsync(assignment, manifest, answer, cancellation);
            }

            if (_standing == TrialOutcome.Undecided)
            {
                return new AgentOutcome.OnTrial(_trial.Undecided!, answer.NextCheckIn);
            }

            Installation.DemandConfirmed(_parts.Boot, release);
            _state.Update(state => _reports.Add(state with { Journal = null, LastFailure = null, Deferral = null }, assignment.Deployment, release, ReportState.Confirmed));
            _parts.Log.Progress($"confirmed: {release.Version} runs already");
        }
        catch (GateClosedException e)
        {
            _deferrals.Note(assignment.Deployment, e);
            await _reports.TrySendQueuedAsync(cancellation);
            return new AgentOutcome.Deferred(e.Rejection, answer.NextCheckIn);
        }
        catch (RejectedException e)
        {
            Fail(assignment, release, e.Rejection);
            await _reports.TrySendQueuedAsync(cancellation);
            return new AgentOutcome.Refused(e.Rejection, answer.NextCheckIn);
        }

        await _reports.TrySendQueuedAsync(cancellation);
        return new AgentOutcome.Idle(answer.NextCheckIn);
    }

    private async Task<AgentOutcome> InstallAsync(Assignment assignment, AdmittedManifest manifest, CheckInAnswer answer, CancellationToken cancellation)
    {
        if (_standing == TrialOutcome.Undecided && _trial.HasFallback)
        {
            // The slot to go back to is not given up for a release that nobody has judged: the device goes back first, and installs from there.
            GatePass pass = await GatePass.DemandAsync(_parts, GatePoint.Reboot, manifest, cancellation);
            pass.Demand(GatePoint.Reboot, InstalledRelease.Of(manifest.Manifest));
            _trial.GoBack($"{manifest.Content.ReleaseVersion} was assigned before {_parts.Boot.Facts.Release.Version} was found healthy: {_trial.Undecided!.Detail}");
            return new AgentOutcome.RebootRequested();
        }

        GatePass reboot = await _installation.InstallAsync(assignment.Deployment, manifest, answer.Deltas, answer.Sources, cancellation);
        reboot.Demand(GatePoint.Reboot, InstalledRelease.Of(manifest.Manifest));
        return new AgentOutcome.RebootRequested();
    }

    // A disk that takes no more writes must not keep a device from running.
    private void RememberBoot()
    {
        try
        {
            _parts.Clock.RememberBoot();
        }
        catch (Exception e) when (IsStorage(e))
        {
            _parts.Log.Waiting($"the time of this boot could not be kept: {e.Message}");
        }
    }

    private async Task<AdmittedManifest> AdmitAsync(Assignment assignment, CancellationToken cancellation)
    {
        try
        {
            return await _installation.AdmitAsync(assignment, cancellation);
        }
        catch (Exception e) when (IsStorage(e))
        {
            throw new RejectedException(RejectionReason.StorageFailed, $"metadata: {e.Message}");
        }
    }

    private void Fail(Assignment assignment, InstalledRelease? release, Rejection why)
    {
        _parts.Log.Refused(why);
        KeptParts.Forget(_parts.Store);
        bool wasWritten = why.Reason is RejectionReason.ImageMismatch or RejectionReason.StorageFailed && release is not null;
        _state.Update(state => _reports.Add(
            (wasWritten ? state.WithSlotFailure(release!.ManifestDigest) : state) with
            {
                // A trial that goes on is none of it.
                Journal = state.Journal is { } journal && journal.Runs(_parts.Boot.Facts) ? journal : null,
                LastFailure = why,
                Deferral = null,
            },
            assignment.Deployment,
            release,
            ReportState.Failed,
            why));
    }

    // The server's text is not to be trusted, and one line stays one line.
    private static string Printable(string text) => new([.. text.Select(static c => char.IsControl(c) ? '?' : c)]);
}
