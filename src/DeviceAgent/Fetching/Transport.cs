using Polly;

namespace Fota.DeviceAgent.Fetching;

/// <summary>What everything that is fetched has in common.</summary>
/// <param name="Retry">How transient failures are tried again.</param>
/// <param name="Time">The clock.</param>
/// <param name="DocumentDeadline">Within which a document has to come as a whole.</param>
/// <param name="Cap">The bandwidth that all transfers share.</param>
/// <param name="Waiting">Told when one source is given up for another.</param>
internal sealed record Transport(ResiliencePipeline Retry, TimeProvider Time, TimeSpan DocumentDeadline, BandwidthCap Cap, Action<string> Waiting)
{
    /// <summary>The transport of an agent.</summary>
    public static Transport Of(AgentParts parts) =>
        new(parts.Retry, parts.Time, parts.Limits.DocumentDeadline, new BandwidthCap(parts.Limits.MaxBytesPerSecond, parts.Time), parts.Log.Waiting);

    /// <summary>Tries nothing twice, and sets no limit but those that every transfer has.</summary>
    public static Transport Plain(TimeProvider time) =>
        new(ResiliencePipeline.Empty, time, Timeout.InfiniteTimeSpan, new BandwidthCap(null, time), static _ => { });
}
