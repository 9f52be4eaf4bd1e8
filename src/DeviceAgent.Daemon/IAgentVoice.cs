namespace Fota.DeviceAgent.Daemon;

/// <summary>How the program says what its agent does.</summary>
internal interface IAgentVoice
{
    /// <summary>While it happens.</summary>
    void Tell(AgentEvent what);

    /// <summary>What it came to.</summary>
    void End(AgentOutcome outcome, int exitCode);
}

/// <summary>Lines for people: progress to the standard output, refusals and waits to the standard error.</summary>
/// <param name="restart">What is said when the system has to be restarted.</param>
internal sealed class LinesForPeople(string restart) : IAgentVoice
{
    public void Tell(AgentEvent what)
    {
        switch (what)
        {
            case AgentEvent.Progress progress:
                Console.WriteLine(progress.Text);
                break;
            case AgentEvent.Refused refused:
                Console.Error.WriteLine($"refused: {refused.Rejection}");
                break;
            case AgentEvent.Waiting waiting:
                Console.Error.WriteLine($"waiting: {waiting.Text}");
                break;
            default:
                break; // for those who draw
        }
    }

    public void End(AgentOutcome outcome, int exitCode)
    {
        if (outcome is AgentOutcome.RebootRequested)
        {
            Console.WriteLine(restart);
        }
    }
}
