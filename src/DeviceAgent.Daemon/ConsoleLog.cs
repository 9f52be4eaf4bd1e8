using Fota.Manifest;

namespace Fota.DeviceAgent.Daemon;

/// <summary>Progress to the standard output, refusals and waits to the standard error, a line each.</summary>
internal sealed class ConsoleLog : IAgentLog
{
    public void Progress(string line) => Console.WriteLine(line);

    public void Refused(Rejection rejection) => Console.Error.WriteLine($"refused: {rejection}");

    public void Waiting(string line) => Console.Error.WriteLine($"waiting: {line}");
}
