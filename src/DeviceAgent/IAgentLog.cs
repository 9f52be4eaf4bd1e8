using Fota.Manifest;

namespace Fota.DeviceAgent;

/// <summary>Where the agent says what it does: single lines for people, without secrets.</summary>
public interface IAgentLog
{
    /// <summary>Something went on.</summary>
    void Progress(string line);

    /// <summary>An input was refused.</summary>
    void Refused(Rejection rejection);

    /// <summary>Something has to wait, such as an unreachable server.</summary>
    void Waiting(string line);
}
