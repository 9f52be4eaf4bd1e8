using Fota.DeviceAgent.Fetching;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;
using Fota.Manifest.Metadata;

namespace Fota.DeviceAgent;

/// <summary>
/// What a device to which nothing is assigned does about metadata (client-workflow.md, W-52): once a day it fetches root and timestamp, so that it pins the logs that the timestamp names and
/// its time goes on. What is wrong with them is in its reports until it is over, and ends no check-in.
/// </summary>
internal sealed class IdleMetadata(AgentParts parts, StateStore state, MetadataRefresh metadata)
{
    /// <summary>How often.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromDays(1);

    /// <summary>How soon again after it came to nothing.</summary>
    public static readonly TimeSpan Again = TimeSpan.FromHours(1);

    private long? _failed;

    /// <summary>Refreshes root and timestamp, if that is due.</summary>
    public async Task RefreshIfDueAsync(CancellationToken cancellation)
    {
        DateTimeOffset now = parts.Clock.Now;
        if (!IsDue(now))
        {
            return;
        }

        try
        {
            Rejection? problem = await LookAsync(now, cancellation);
            _failed = problem is null ? null : parts.Time.GetTimestamp();
            state.Update(before => before with { Metadata = new MetadataLook(now, problem) });
        }
        catch (Exception e) when (e is RepositoryUnavailableException or IOException or UnauthorizedAccessException)
        {
            _failed = parts.Time.GetTimestamp();
            parts.Log.Waiting(e.Message);
        }
    }

    // By the time that passes where the agent knows it, else by the device's clock: one that was set back does not make it wait for longer.
    private bool IsDue(DateTimeOffset now)
    {
        if (_failed is { } failed)
        {
            return parts.Time.GetElapsedTime(failed) >= Again;
        }

        return state.Current.Metadata is not { } last || now < last.At || now - last.At >= (last.Problem is null ? Every : Again);
    }

    private async Task<Rejection?> LookAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        Rejection problem;
        try
        {
            TimestampMetadata timestamp = await metadata.RunTimestampAsync(now, cancellation);
            parts.Clock.Accepted(now, timestamp.Expires);
            return null;
        }
        catch (RejectedException e)
        {
            problem = e.Rejection;
        }
        catch (DeviceStateException e)
        {
            problem = new Rejection(RejectionReason.StorageFailed, e.Message);
        }
        catch (RepositoryUnavailableException e) when (!parts.Clock.IsMetadataFresh)
        {
            // Who withholds it is told of as who serves what has expired (A03).
            problem = new Rejection(RejectionReason.MetadataExpired, $"timestamp: wanted one that is not expired, got none: {e.Message}");
        }

        parts.Log.Refused(problem);
        return problem;
    }
}
