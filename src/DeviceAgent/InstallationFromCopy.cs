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

/// <summary>An installation that no server assigned, from a copy of the repository: the same steps and gates, with nobody to tell.</summary>
internal sealed class InstallationFromCopy(AgentParts parts, StateStore state, ReportQueue reports, DeferralNotes deferrals)
{
    public async Task<AgentOutcome> RunAsync(HttpClient http, Uri repository, string targetPath, CancellationToken cancellation)
    {
        try
        {
            return await InstallAsync(From(http, repository), targetPath, cancellation);
        }
        catch (GateClosedException e)
        {
            deferrals.Note(null, e);
            return new AgentOutcome.Deferred(e.Rejection, TimeSpan.Zero);
        }
        catch (RepositoryUnavailableException e)
        {
            parts.Log.Waiting(e.Message);
            return new AgentOutcome.Unavailable(e.Message);
        }
        catch (RejectedException e)
        {
            parts.Log.Refused(e.Rejection);
            Remember(e.Rejection);
            return new AgentOutcome.Refused(e.Rejection, null);
        }
    }

    private Installation From(HttpClient http, Uri repository)
    {
        Transport transport = Transport.Of(parts);
        RepositoryClient content = new([new RepositorySource(repository, http)], transport), metadata = new([new RepositorySource(new Uri(repository, "metadata/"), http)], transport);
        return new Installation(parts, state, reports, new ManifestDownload(new MetadataRefresh(MetadataProfile.Fota, parts.Store, MetadataRefresh.AgentFolder, metadata, null), content), content);
    }

    private async Task<AgentOutcome> InstallAsync(Installation installation, string targetPath, CancellationToken cancellation)
    {
        AdmittedManifest manifest = await installation.AdmitAsync(new Assignment("", targetPath), cancellation);
        InstalledRelease release = InstalledRelease.Of(manifest.Manifest);
        if (release.ManifestDigest == parts.Boot.Facts.Release.ManifestDigest)
        {
            Installation.DemandConfirmed(parts.Boot, release);
            parts.Log.Progress($"{release.Version} runs already");
            return new AgentOutcome.Idle(TimeSpan.Zero);
        }

        GatePass reboot = await installation.InstallAsync(null, manifest, [], [], cancellation);
        reboot.Demand(GatePoint.Reboot, release);
        return new AgentOutcome.RebootRequested();
    }

    // An update that the server has under way is none of what was refused here.
    private void Remember(Rejection why)
    {
        bool wasOurs = state.Current.Journal is { Deployment: null } journal && !journal.Runs(parts.Boot.Facts);
        if (wasOurs)
        {
            KeptParts.Forget(parts.Store);
        }

        state.Update(before => before with { Journal = wasOurs ? null : before.Journal, LastFailure = why });
    }
}
