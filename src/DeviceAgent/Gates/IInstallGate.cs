using Fota.DeviceAgent.Boot;
using Fota.Manifest;

namespace Fota.DeviceAgent.Gates;

/// <summary>Steps of an update before which the gates are asked.</summary>
public enum GatePoint
{
    /// <summary>Before the inactive slot is written, and before anything of the image is fetched.</summary>
    Write = 1,

    /// <summary>Before the boot record names the slot for the next boot.</summary>
    Activation = 2,

    /// <summary>Before the system is restarted into it. Activation needs this one open as well.</summary>
    Reboot = 3,
}

/// <summary>
/// Says whether the device can spare itself for an update now (docs/spec/gates.md). What it throws, that it does not answer in time, and an answer that nobody
/// understands, all mean that it is closed. A device that goes back to what it ran before is never asked.
/// </summary>
public interface IInstallGate
{
    /// <summary>What it looks at.</summary>
    GateKind Kind { get; }

    /// <summary>Whether a release's emergency flag leaves it closed.</summary>
    bool NeverOverridden { get; }

    /// <summary>Asks once.</summary>
    Task<GateAnswer> AskAsync(GateQuestion question, CancellationToken cancellation);
}

/// <summary>What is about to happen.</summary>
/// <param name="Point">The step.</param>
/// <param name="Release">The release that it is for.</param>
/// <param name="Time">The time, where the device's clock is plausible; else null.</param>
public sealed record GateQuestion(GatePoint Point, InstalledRelease Release, DateTimeOffset? Time);

/// <summary>A gate's answer.</summary>
public abstract record GateAnswer
{
    private GateAnswer()
    {
    }

    /// <summary>Nothing speaks against it.</summary>
    public sealed record Open : GateAnswer;

    /// <summary>It has to wait.</summary>
    /// <param name="Why">Why, for people.</param>
    public sealed record Closed(string Why) : GateAnswer;
}
