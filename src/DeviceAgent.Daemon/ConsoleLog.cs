using Fota.Manifest;

namespace Fota.DeviceAgent.Daemon;

/// <summary>Progress to the standard output, refusals and waits to the standard error, a line each.</summary>
internal sealed class ConsoleLog(Action step) : IAgentLog
{
    public void Progress(string line)
    {
        step();
        Console.WriteLine(line);
    }

    public void Refused(Rejection rejection)
    {
        step();
        Console.Error.WriteLine($"refused: {rejection}");
    }

    public void Waiting(string line)
    {
        step();
        Console.Error.WriteLine($"waiting: {line}");
    }
}
