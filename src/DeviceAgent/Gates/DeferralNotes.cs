using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Reporting;
using Fota.DeviceAgent.State;
using Fota.Manifest.Reports;

namespace Fota.DeviceAgent.Gates;

/// <summary>Remembers that an update waits, and tells the server of it: once, until something about it changes.</summary>
internal sealed class DeferralNotes(AgentParts parts, StateStore state, ReportQueue reports)
{
    private readonly BootFacts _facts = parts.Boot.Facts;

    /// <summary>Notes it. An activation that was withdrawn for it is a staged update again, in the same write.</summary>
    public void Note(string? deployment, GateClosedException closed)
    {
        parts.Log.Waiting(closed.Rejection.ToString());
        state.Update(before =>
        {
            AgentState staged = before.Journal is { Step: UpdateStep.Activated } journal && !journal.Runs(_facts)
                ? before with { Journal = journal with { Step = UpdateStep.Staged } }
                : before;
            if (deployment is null)
            {
                return staged;
            }

            Deferral next = new(deployment, closed.Release, closed.Point, closed.Gates, closed.Rejection.Detail);
            return next.SaysTheSameAs(staged.Deferral)
                ? staged
                : reports.Add(staged with { Deferral = next }, deployment, closed.Release, ReportState.Deferred, closed.Rejection);
        });
    }

    /// <summary>Whether the deployment waits for just the gates for which it waited before, which is told without the network.</summary>
    public async Task<Deferral?> StillClosedAsync(string deployment, CancellationToken cancellation)
    {
        if (state.Current.Deferral is not { } waiting || waiting.Deployment != deployment)
        {
            return null;
        }

        try
        {
            await GatePass.DemandAsync(parts, waiting.Point, waiting.Release, cancellation);
            return null;
        }
        catch (GateClosedException closed) when (closed.Gates.Equals(waiting.Gates))
        {
            // They could not be overridden then, and the release is the same one.
            parts.Log.Waiting(closed.Rejection.ToString());
            return waiting with { Detail = closed.Rejection.Detail };
        }
        catch (GateClosedException)
        {
            return null;
        }
    }
}
