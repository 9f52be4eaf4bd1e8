using System.Security.Cryptography.X509Certificates;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Identity;
using Fota.DeviceAgent.Keys;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Storage;
using Fota.Interop.Posix;
using Fota.Manifest;

namespace Fota.DeviceAgent.Diagnosing;

/// <summary>Folder, state, floor, clock, key and certificate of a device.</summary>
internal sealed class DeviceLook(AgentSettings settings, IDurableStore store, Lazy<IDeviceKey> keys)
{
    // Below this the agent's own small files are about to fail.
    private const long LeastFree = 1024 * 1024;

    public (FindingState State, string Detail) Folder()
    {
        if (!Directory.Exists(settings.Directory))
        {
            return (FindingState.Wrong, $"{settings.Directory}: wanted the device's folder, got none");
        }

        long free = new DriveInfo(settings.Directory).AvailableFreeSpace;
        string detail = $"{settings.Directory}, {free / 1024} KiB free";
        return free < LeastFree ? (FindingState.Wrong, detail)
            : PosixFile.IsDirectoryOwnedByCaller(settings.Directory) ? (FindingState.Good, detail)
            : (FindingState.Notable, $"{detail}, of another user: commands that change something are to be run as that one (sudo -u)");
    }

    public (FindingState State, string Detail) Agent() =>
        HostParts.IsLocked(settings.Directory) ? (FindingState.Good, "runs") : (FindingState.Notable, "does not run");

    public (FindingState State, string Detail) State()
    {
        DeviceStatus status = DeviceStatus.Read(store);
        string runs = $"{status.Running.Release.Version} runs in slot {status.Running.Running}, {status.QueuedReports} reports wait for the server";
        return status switch
        {
            { WaitsFor: { } waits } => (FindingState.Notable, $"{runs}; {waits.Release.Version} waits: {waits.Detail}"),
            { LastFailure: { } failure } => (FindingState.Notable, $"{runs}; last failure {failure}"),
            _ => (FindingState.Good, runs),
        };
    }

    public (FindingState State, string Detail) Floor()
    {
        FileRollbackCounter counter = new(store);
        SecurityVersion floor = counter.Read(), highest = counter.ReadHighest();
        return floor < highest ? (FindingState.Good, $"security version {floor}") : (FindingState.Wrong, $"security version {floor}: wanted one that can still rise, got the counter's end");
    }

    public (FindingState State, string Detail) Clock()
    {
        DeviceClock clock = DeviceClock.Open(store, TimeProvider.System);
        string taken = $"{clock.Now.UtcDateTime:yyyy-MM-dd HH:mm} UTC is taken for the time";
        return clock.Plausible is null ? (FindingState.Notable, $"{taken}; the hardware says {TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm}, which nothing vouches for yet") : (FindingState.Good, taken);
    }

    public (FindingState State, string Detail) Key()
    {
        IDeviceKey key = keys.Value;
        return (settings.Key is KeySettings.InUnsafeFile ? FindingState.Notable : FindingState.Good, $"{key.PublicKey.Id}{(settings.Key is KeySettings.InUnsafeFile ? ", in an unsafe file" : "")}");
    }

    public (FindingState State, string Detail) Certificate()
    {
        X509Certificate2 current = new DeviceCertificateStore(settings.Certificate, store).Current;
        using (X509Certificate2 attached = keys.Value.AttachTo(current))
        {
            // that it is for this key is what was asked
        }

        DateTimeOffset now = DeviceClock.Open(store, TimeProvider.System).Now, ends = new(current.NotAfter), renew = CertificateRenewal.RenewFrom(current);
        string until = $"until {ends.UtcDateTime:yyyy-MM-dd}";
        return now >= ends ? (FindingState.Wrong, $"wanted one that is valid now, got one {until}")
            : now >= renew ? (FindingState.Notable, $"{until}, to be renewed since {renew.UtcDateTime:yyyy-MM-dd}")
            : (FindingState.Good, $"{until}, to be renewed from {renew.UtcDateTime:yyyy-MM-dd}");
    }
}
