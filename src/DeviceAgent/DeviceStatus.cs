using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Identity;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;

namespace Fota.DeviceAgent;

/// <summary>What can be said of a device by looking at its files, whether or not its agent runs.</summary>
/// <param name="Running">What the bootloader started last.</param>
/// <param name="Floor">The security floor.</param>
/// <param name="Confirmed">The newest confirmed release.</param>
/// <param name="Step">How far the update under way has come; null when none is.</param>
/// <param name="LastFailure">Why the last update came to nothing; null when none did since the last success.</param>
/// <param name="LastTransfer">What the last image that was fetched as a whole took; null before the first.</param>
/// <param name="QueuedReports">How many reports the server has not taken yet.</param>
public sealed record DeviceStatus(BootFacts Running, SecurityVersion Floor, InstalledRelease Confirmed, UpdateStep? Step, Rejection? LastFailure, ImageTransfer? LastTransfer, int QueuedReports)
{
    /// <summary>Who the device is; null where only its state was read.</summary>
    public DeviceIdentity? Identity { get; init; }

    /// <summary>The device's certificate; null when it has none that can be read.</summary>
    public CertificateStatus? Certificate { get; init; }

    /// <summary>The update that waits for a gate, and for which; null when none does.</summary>
    public Deferral? WaitsFor { get; init; }

    /// <summary>Whether the floor is still to rise to the confirmed release's security version.</summary>
    public bool FloorLags { get; init; }

    /// <summary>Reads the files of a device.</summary>
    /// <exception cref="DeviceStateException">Something is missing or unreadable.</exception>
    internal static DeviceStatus Read(IDurableStore store) => Read(store, BootFacts.Read(store), new FileRollbackCounter(store));

    internal static DeviceStatus Read(IDurableStore store, BootFacts running, IRollbackCounter counter)
    {
        AgentState state = new StateStore(store).Current;
        return new DeviceStatus(running, counter.Read(), state.Confirmed, state.Journal?.Step, state.LastFailure, state.LastTransfer, state.Reports.Count)
        {
            WaitsFor = state.Deferral,
            FloorLags = state.PendingFloor is not null,
        };
    }
}
