using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Fetching;
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
public sealed class UpdateAgent
{
    private readonly AgentParts _parts;
    private readonly StateStore _state;
    private readonly ReportQueue _reports;
    private readonly Installation _installation;
    private readonly TrialBoot _trial;
    private bool _mayCheckIn;

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
        CheckInClient checkIn = new(parts.Http, parts.Server, parts.Key, transport);
        _reports = new ReportQueue(parts.Identity, _state, parts.Boot.Facts, parts.Counter, parts.Time, checkIn, parts.Log);
        _installation = new Installation(parts, _state, _reports, new ManifestDownload(metadata, content), content);
        _trial = new TrialBoot(parts, _state, _reports, _installation.MarkActivated);
    }

    /// <summary>Goes on with what was under way when the device or the agent stopped: confirms, gives up, or asks for a reboot.</summary>
    public async Task<AgentOutcome> ResumeAsync(CancellationToken cancellation)
    {
        _mayCheckIn = !await _trial.ResumeAsync(cancellation);
        return _mayCheckIn ? new AgentOutcome.Idle(TimeSpan.Zero) : new AgentOutcome.RebootRequested();
    }

    /// <summary>One check-in, and the installation that the answer asks for.</summary>
    /// <exception cref="InvalidOperationException"><see cref="ResumeAsync"/> was not called before, or a reboot was requested.</exception>
    public async Task<AgentOutcome> CheckInAsync(CancellationToken cancellation)
    {
        if (!_mayCheckIn)
        {
            throw new InvalidOperationException("A check-in follows a resumption after which no reboot is pending.");
        }

        try
        {
            CheckInAnswer answer = await _reports.CheckInAsync(cancellation);
            AgentOutcome outcome = await FollowAsync(answer, cancellation);
            _mayCheckIn = outcome is not AgentOutcome.RebootRequested;
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
    }

    private async Task<AgentOutcome> FollowAsync(CheckInAnswer answer, CancellationToken cancellation)
    {
        if (answer.Assignment is not { } assignment)
        {
            // An installation that broke off and is not wanted any more.
            if (_state.Current.Journal is not null)
            {
                _state.Update(static state => state with { Journal = null });
                KeptParts.Forget(_parts.Store);
            }

            return new AgentOutcome.Idle(answer.NextCheckIn);
        }

        _parts.Log.Progress($"assigned: {Printable(assignment.TargetPath)}");
        InstalledRelease? release = null;
        try
        {
            AdmittedManifest manifest = await _installation.AdmitAsync(assignment, cancellation);
            release = InstalledRelease.Of(manifest.Manifest);
            if (release.ManifestDigest == _parts.Boot.Facts.Release.ManifestDigest)
            {
                // It runs; only the boot record says whether it was ever found healthy (P9).
                if (!_parts.Boot.Record[_parts.Boot.Facts.Running].Successful)
                {
                    throw new RejectedException(RejectionReason.HealthCheckFailed, $"release {release.Version}: wanted a confirmed boot of it, got one that runs unconfirmed");
                }

                _state.Update(state => _reports.Add(state with { Journal = null, LastFailure = null }, assignment.Deployment, release, ReportState.Confirmed));
                _parts.Log.Progress($"confirmed: {release.Version} runs already");
            }
            else
            {
                await _installation.InstallAsync(assignment.Deployment, manifest, answer.Deltas, cancellation);
                return new AgentOutcome.RebootRequested();
            }
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

    private void Fail(Assignment assignment, InstalledRelease? release, Rejection why)
    {
        _parts.Log.Refused(why);
        KeptParts.Forget(_parts.Store);
        _state.Update(state => _reports.Add(state with { Journal = null, LastFailure = why }, assignment.Deployment, release, ReportState.Failed, why));
    }

    // The server's text is not to be trusted, and one line stays one line.
    private static string Printable(string text) => new([.. text.Select(static c => char.IsControl(c) ? '?' : c)]);
}
