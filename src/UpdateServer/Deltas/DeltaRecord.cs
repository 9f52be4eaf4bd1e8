using Fota.Manifest;

namespace Fota.UpdateServer.Deltas;

/// <summary>What came of a delta pack.</summary>
internal enum DeltaState
{
    None = 0,

    /// <summary>It is in the content store, and was seen to make the image.</summary>
    Made,

    /// <summary>It would be hardly smaller than the full pack; it was thrown away, and is not made again.</summary>
    NotWorthIt,

    /// <summary>What was made was refused, or what it was to be made of. A machine that fails is no such failure.</summary>
    Failed,
}

/// <summary>What the server remembers of a delta pack.</summary>
/// <param name="Key">What it is for.</param>
/// <param name="State">What came of it.</param>
/// <param name="Pack">Its SHA-256; null unless it was made.</param>
/// <param name="Size">Its length in bytes; null if it failed.</param>
/// <param name="Failures">How often it failed.</param>
/// <param name="Detail">For people: why it is not there; null if it was made.</param>
/// <param name="At">When that was.</param>
internal sealed record DeltaRecord(DeltaKey Key, DeltaState State, Sha256Digest? Pack, long? Size, int Failures, string? Detail, DateTimeOffset At)
{
    /// <summary>The <see cref="DeltaMaker.Version"/> of which it came.</summary>
    public int Maker { get; init; } = DeltaMaker.Version;

    /// <summary>When a plan held it last, to the day.</summary>
    public DateTimeOffset Wanted { get; init; } = At;

    /// <summary>How often what failed is tried again. What fails so often fails always, and keeps the others waiting.</summary>
    public const int MaxRetries = 3;

    /// <summary>Whether it stays as it is.</summary>
    public bool IsFinal => State != DeltaState.Failed || Failures > MaxRetries;
}
