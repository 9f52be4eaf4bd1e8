namespace Fota.DeviceAgent.Fetching;

/// <summary>What transfers may take of the link and of time.</summary>
internal sealed record TransferLimits
{
    /// <summary>No cap, and documents within ten minutes.</summary>
    public static TransferLimits Default { get; } = new();

    /// <summary>The most bytes a second, on the average of a few seconds; null for as many as come. Headers and TLS are not counted.</summary>
    public long? MaxBytesPerSecond { get; init; }

    /// <summary>
    /// Within which one attempt to fetch a document as a whole has to succeed: a file of metadata, a manifest, an answer to a check-in. Packs and chunk tables have no
    /// deadline, as they go on where they broke; they have a least rate (docs/spec/client-workflow.md, W-20).
    /// </summary>
    public TimeSpan DocumentDeadline { get; init; } = TimeSpan.FromMinutes(10);
}
