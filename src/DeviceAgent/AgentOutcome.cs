using Fota.Manifest;

namespace Fota.DeviceAgent;

/// <summary>What a pass of the agent came to.</summary>
public abstract record AgentOutcome
{
    private AgentOutcome()
    {
    }

    /// <summary>Nothing is left to do until the next check-in.</summary>
    /// <param name="NextCheckIn">When the server wants to hear again.</param>
    public sealed record Idle(TimeSpan NextCheckIn) : AgentOutcome;

    /// <summary>What the server offered was refused; nothing that counts was changed.</summary>
    /// <param name="Rejection">Why.</param>
    /// <param name="NextCheckIn">When to ask again; null when the server's own answer was what was refused.</param>
    public sealed record Refused(Rejection Rejection, TimeSpan? NextCheckIn) : AgentOutcome;

    /// <summary>The server could not be reached, or broke off.</summary>
    /// <param name="Message">What failed.</param>
    public sealed record Unavailable(string Message) : AgentOutcome
    {
        /// <summary>How long the server wants not to be asked again; null when it did not say. Not bounded: see <see cref="PollSchedule"/>.</summary>
        public TimeSpan? RetryAfter { get; init; }
    }

    /// <summary>A gate of the device is closed: the update waits, and the gates are asked again with the next check-in. The server was told, once.</summary>
    /// <param name="Why">Which gate, before which step, and why.</param>
    /// <param name="NextCheckIn">When to ask again.</param>
    public sealed record Deferred(Rejection Why, TimeSpan NextCheckIn) : AgentOutcome;

    /// <summary>The trial of the release that runs goes on, undecided: its health checks are asked again with the next check-in.</summary>
    /// <param name="Why">What the checks lack.</param>
    /// <param name="NextCheckIn">When to ask again.</param>
    public sealed record OnTrial(Rejection Why, TimeSpan NextCheckIn) : AgentOutcome;

    /// <summary>The system has to be restarted for the update to go on.</summary>
    public sealed record RebootRequested : AgentOutcome;
}
