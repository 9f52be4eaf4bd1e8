namespace Fota.DeviceAgent.Daemon;

/// <summary>How the program says what its agent does. That nobody listens any more must not change what becomes of the device: it is no error.</summary>
internal interface IAgentVoice
{
    /// <summary>While it happens.</summary>
    void Tell(AgentEvent what);

    /// <summary>What it came to.</summary>
    void End(AgentOutcome outcome, int exitCode);

    /// <summary>What it came to without an outcome of the agent's.</summary>
    /// <param name="outcome">"stopped" or "failed".</param>
    /// <param name="exitCode">The program's.</param>
    /// <param name="detail">Why, for people.</param>
    void End(string outcome, int exitCode, string? detail);
}
