using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Gates;
using Fota.DeviceAgent.Health;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;

namespace Fota.DeviceAgent;

/// <summary>
/// What a program that embeds the agent adds to what the device's configuration file says. Slots, bootloader and counter have promises to keep (P1 to P4): whoever brings
/// one of their own proves it.
/// </summary>
public sealed record AgentOptions
{
    /// <summary>Told what happens, on the thread on which it does; what it throws is ignored, as nothing that watches an update may stop it.</summary>
    public Action<AgentEvent>? OnEvent { get; init; }

    /// <summary>Gates that are asked beside the configured ones.</summary>
    public IReadOnlyList<IInstallGate> Gates { get; init; } = [];

    /// <summary>Health checks that a trial boot has to pass beside the configured ones.</summary>
    public IReadOnlyList<IHealthCheck> HealthChecks { get; init; } = [];

    /// <summary>The slots of hardware that is not files; null for those of the configuration.</summary>
    public ISlotStorage? Slots { get; init; }

    /// <summary>A bootloader that the configuration cannot name; null for the one that it names.</summary>
    public IBootControl? Boot { get; init; }

    /// <summary>The security floor in hardware that only counts up; null for the one in a file.</summary>
    public IRollbackCounter? Counter { get; init; }
}
