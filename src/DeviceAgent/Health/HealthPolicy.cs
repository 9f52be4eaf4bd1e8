namespace Fota.DeviceAgent.Health;

/// <summary>What is done with the answers of health checks (docs/spec/gates.md).</summary>
internal sealed record HealthPolicy
{
    /// <summary>A trial that stays undecided is not given up, and the floor follows a confirmation at once.</summary>
    public static HealthPolicy Default { get; } = new();

    /// <summary>After how much time undecided, by the device's clock, a trial is given up; null for never: it goes on, unconfirmed, and is asked again.</summary>
    public TimeSpan? GiveUpUndecidedAfter { get; init; }

    /// <summary>How long a confirmed release has to have been kept before the floor rises to its security version; zero for at once.</summary>
    public TimeSpan FloorDelay { get; init; }
}
