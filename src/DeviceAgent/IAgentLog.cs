using Fota.Manifest;

namespace Fota.DeviceAgent;

/// <summary>Where the agent says what it does: single lines for people, without secrets.</summary>
internal interface IAgentLog
{
    /// <summary>Something went on.</summary>
    void Progress(string line);

    /// <summary>Of an image, so many bytes stand in the slot.</summary>
    void Transferred(ReleaseVersion release, long done, long total);

    /// <summary>An input was refused.</summary>
    void Refused(Rejection rejection);

    /// <summary>Something has to wait, such as an unreachable server.</summary>
    void Waiting(string line);
}
