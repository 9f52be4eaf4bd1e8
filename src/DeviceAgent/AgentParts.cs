using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Fetching;
using Fota.DeviceAgent.Gates;
using Fota.DeviceAgent.Health;
using Fota.DeviceAgent.Keys;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Storage;
using Fota.Manifest.Verification;
using Polly;

namespace Fota.DeviceAgent;

/// <summary>What an agent is put together from; each part stands for hardware, the network or time.</summary>
internal sealed record AgentParts
{
    /// <summary>Who the device is.</summary>
    public required DeviceIdentity Identity { get; init; }

    /// <summary>The hash-based keys that a release has to be signed by beside those of its product's role.</summary>
    public required HashBasedAnchors HashBased { get; init; }

    /// <summary>Small durable files.</summary>
    public required IDurableStore Store { get; init; }

    /// <summary>The slots.</summary>
    public required ISlotStorage Slots { get; init; }

    /// <summary>The bootloader.</summary>
    public required IBootControl Boot { get; init; }

    /// <summary>The security floor.</summary>
    public required IRollbackCounter Counter { get; init; }

    /// <summary>What is asked before each step of an update; none is a choice that has to be made.</summary>
    public required IReadOnlyList<IInstallGate> Gates { get; init; }

    /// <summary>What has to be healthy before a trial boot is confirmed; at least one.</summary>
    public required IReadOnlyList<IHealthCheck> HealthChecks { get; init; }

    /// <summary>What is done with their answers.</summary>
    public HealthPolicy HealthPolicy { get; init; } = HealthPolicy.Default;

    /// <summary>The device's key.</summary>
    public required IDeviceKey Key { get; init; }

    /// <summary>The connection to the server; its timeout is infinite, the agent has its own.</summary>
    public required HttpClient Http { get; init; }

    /// <summary>The server's address, ending in '/'.</summary>
    public required Uri Server { get; init; }

    /// <summary>
    /// Where manifests, chunk tables and packs are asked for before the server is, in this order: caches near the device. Metadata and check-ins always go to the server,
    /// so that no cache holds back what is newest (A03).
    /// </summary>
    public IReadOnlyList<RepositorySource> Mirrors { get; init; } = [];

    /// <summary>Where the server may send the device for content; null: the device goes nowhere that a server names.</summary>
    public ContentStorage? Storage { get; init; }

    /// <summary>What transfers may take of the link and of time.</summary>
    public TransferLimits Limits { get; init; } = TransferLimits.Default;

    /// <summary>How network failures are retried.</summary>
    public required ResiliencePipeline Retry { get; init; }

    /// <summary>The hardware's clock and timers; what time it is says <see cref="Clock"/>.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>What time it is.</summary>
    public required DeviceClock Clock { get; init; }

    /// <summary>Where the agent says what it does.</summary>
    public required IAgentLog Log { get; init; }
}
