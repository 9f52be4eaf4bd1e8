namespace Fota.DeviceAgent.Daemon;

/// <summary>Lines for people: progress to the standard output, refusals and waits to the standard error.</summary>
/// <param name="restart">What is said when the system has to be restarted.</param>
internal sealed class LinesForPeople(string restart) : IAgentVoice
{
    public void Tell(AgentEvent what)
    {
        switch (what)
        {
            case AgentEvent.Progress progress:
                Say(Console.Out, progress.Text);
                break;
            case AgentEvent.Refused refused:
                Say(Console.Error, $"refused: {refused.Rejection}");
                break;
            case AgentEvent.Waiting waiting:
                Say(Console.Error, $"waiting: {waiting.Text}");
                break;
            default:
                break; // for those who draw
        }
    }

    public void End(AgentOutcome outcome, int exitCode)
    {
        if (outcome is AgentOutcome.RebootRequested)
        {
            Say(Console.Out, restart);
        }
    }

    public void End(string outcome, int exitCode, string? detail)
    {
        // The command line says it.
    }

    private static void Say(TextWriter writer, string line)
    {
        try
        {
            writer.WriteLine(line);
        }
        catch (IOException)
        {
            // The disk of a log is full, or the pipe is closed.
        }
    }
}
