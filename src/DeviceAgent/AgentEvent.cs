using Fota.Manifest;

namespace Fota.DeviceAgent;

/// <summary>What an agent tells the program around it, as it happens (<see cref="AgentOptions.OnEvent"/>). Texts are single lines for people, without secrets.</summary>
public abstract record AgentEvent
{
    private AgentEvent()
    {
    }

    /// <summary>Something went on.</summary>
    /// <param name="Text">What.</param>
    public sealed record Progress(string Text) : AgentEvent;

    /// <summary>Proven bytes of an image came into the inactive slot.</summary>
    /// <param name="Release">The release.</param>
    /// <param name="Done">Bytes of the image that stand in the slot.</param>
    /// <param name="Total">Bytes of the image.</param>
    public sealed record Transfer(ReleaseVersion Release, long Done, long Total) : AgentEvent;

    /// <summary>An input was refused.</summary>
    /// <param name="Rejection">Why.</param>
    public sealed record Refused(Rejection Rejection) : AgentEvent;

    /// <summary>Something has to wait, such as for a server that is not reached.</summary>
    /// <param name="Text">What, and why.</param>
    public sealed record Waiting(string Text) : AgentEvent;

    /// <summary>Nothing is to be done until the next check-in.</summary>
    /// <param name="For">How long.</param>
    public sealed record Sleeping(TimeSpan For) : AgentEvent;
}
