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

    private Looked? _looked;

    /// <summary>Refreshes root and timestamp, if that is due.</summary>
    public async Task RefreshIfDueAsync(CancellationToken cancellation)
    {
        DateTimeOffset now = parts.Clock.Now;
        if (!IsDue(now))
        {
            return;
        }

        TimeSpan wait = Again;
        try
        {
            Rejection? problem = await LookAsync(now, cancellation);
            state.Update(before => before with { Metadata = new MetadataLook(now, Said(before.Metadata?.Problem, problem)) });
            wait = problem is null ? Every : Again;
        }
        catch (Exception e) when (e is RepositoryUnavailableException or IOException or UnauthorizedAccessException)
        {
            parts.Log.Waiting(e.Message);
        }

        _looked = new Looked(parts.Time.GetTimestamp(), now, wait);
    }

    // By the time that passes as well as by the clock: the device's time stands still for as long as a clock that is dead or was set back lies behind the last look. An agent that
    // was just started knows nothing of the time that passed, and looks.
    private bool IsDue(DateTimeOffset now)
    {
        if (_looked is { } looked)
        {
            return parts.Time.GetElapsedTime(looked.Timestamp) >= looked.Wait || now - looked.At >= looked.Wait;
        }

        return parts.Clock.IsBehind || state.Current.Metadata is not { } last || now < last.At || now - last.At >= (last.Problem is null ? Every : Again);
    }

    // In the words that it was said in first: those of an expiry have the moment of the look, and each look would be news to the server, in a log that forgets nothing.
    private static Rejection? Said(Rejection? before, Rejection? now) => before is not null && before.Reason == now?.Reason ? before : now;

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
        catch (RepositoryUnavailableException e) when (parts.Clock.HasAccepted && !parts.Clock.IsMetadataFresh)
        {
            // Who withholds it is told of as who serves what has expired (A03). Before the first one nothing has: a device may be made before anything is published.
            problem = new Rejection(RejectionReason.MetadataExpired, $"timestamp: wanted one that is not expired, got none: {e.Message}");
        }

        parts.Log.Refused(problem);
        return problem;
    }

    private sealed record Looked(long Timestamp, DateTimeOffset At, TimeSpan Wait);
}
