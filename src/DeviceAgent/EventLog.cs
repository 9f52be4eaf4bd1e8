using Fota.Manifest;

namespace Fota.DeviceAgent;

/// <summary>Tells a program's callback, which cannot disturb the update.</summary>
internal sealed class EventLog(Action<AgentEvent>? listener) : IAgentLog
{
    public void Progress(string line) => Tell(new AgentEvent.Progress(line));

    public void Transferred(ReleaseVersion release, long done, long total) => Tell(new AgentEvent.Transfer(release, done, total));

    public void Refused(Rejection rejection) => Tell(new AgentEvent.Refused(rejection));

    public void Waiting(string line) => Tell(new AgentEvent.Waiting(line));

    public void Sleeping(TimeSpan delay) => Tell(new AgentEvent.Sleeping(delay));

    private void Tell(AgentEvent what)
    {
        try
        {
            listener?.Invoke(what);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A full pipe or a bug of the program around: an update that stopped for it could leave the device with half of one.
        }
    }
}
