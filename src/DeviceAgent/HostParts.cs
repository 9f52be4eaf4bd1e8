using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Fetching;
using Fota.DeviceAgent.Identity;
using Fota.DeviceAgent.Keys;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Storage;
using Fota.Interop.Posix;

namespace Fota.DeviceAgent;

/// <summary>The parts of the device that a configuration describes, and the lock that keeps a second agent away from them.</summary>
internal sealed class HostParts : IDisposable
{
    private const string LockName = "agent.lock";

    private static readonly TimeSpan s_firstRetry = TimeSpan.FromMilliseconds(250);

    private readonly FileStream _lock;
    private readonly IDeviceKey _key;
    private readonly List<HttpClient> _connections = [];

    private HostParts(FileStream @lock, IDeviceKey key)
    {
        _lock = @lock;
        _key = key;
    }

    public required AgentParts Agent { get; init; }

    /// <summary>To be run after a check-in that asks for no reboot.</summary>
    public required CertificateRenewal Renewal { get; init; }

    public static HostParts Open(AgentSettings settings, AgentOptions options, IAgentLog log)
    {
        FileStream @lock = Lock(settings.Directory);
        IDeviceKey? key = null;
        try
        {
            key = DeviceKeys.Open(settings.Key);
            return Open(settings, options, log, @lock, key);
        }
        catch
        {
            key?.Dispose();
            @lock.Dispose();
            throw;
        }
    }

    public static DeviceStatus ReadStatus(AgentSettings settings, AgentOptions options)
    {
        FileDurableStore store = new(settings.Directory);
        DeviceStatus status = DeviceStatus.Read(store, options.Boot?.Facts ?? BootFacts.Read(store), options.Counter ?? new FileRollbackCounter(store));
        return status with { Identity = settings.Identity, Certificate = CertificateStatus.Read(settings.Certificate, store) };
    }

    /// <summary>Whether an agent runs on the device now.</summary>
    public static bool IsLocked(string directory)
    {
        string file = Path.Combine(directory, "run", LockName);
        if (!File.Exists(file))
        {
            return false;
        }

        try
        {
            using FileStream free = new(file, FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    public void Dispose()
    {
        foreach (HttpClient connection in _connections)
        {
            connection.Dispose();
        }

        _key.Dispose();
        _lock.Dispose();
    }

    private static HostParts Open(AgentSettings settings, AgentOptions options, IAgentLog log, FileStream @lock, IDeviceKey key)
    {
        FileDurableStore store = new(settings.Directory);
        IRollbackCounter counter = options.Counter ?? new FileRollbackCounter(store);
        IBootControl boot = options.Boot ?? settings.Boot.Open(settings, store, counter, options.Slots);
        DeviceClock clock = DeviceClock.Open(store, TimeProvider.System);
        DeviceCertificateStore certificates = new(settings.Certificate, store);
        HttpClient http = DeviceConnection.Open(settings, key, certificates, clock);
        IReadOnlyList<RepositorySource> mirrors = DeviceConnection.OpenMirrors(settings, key, certificates, clock);
        ContentStorage? storage = DeviceConnection.OpenStorage(settings, clock);
        AgentParts agent = new()
        {
            Identity = settings.Identity,
            HashBased = settings.HashBased,
            Store = store,
            Slots = options.Slots ?? new FileSlotStorage(settings.Directory, store, boot, settings.Identity.Traits.SlotCapacity),
            Boot = boot,
            Counter = counter,
            Gates = [.. settings.Gates(store, TimeProvider.System), .. options.Gates],
            HealthChecks = [.. settings.Health.Open(store, http, settings.Server, TimeProvider.System), .. options.HealthChecks],
            HealthPolicy = settings.Health.Policy,
            Key = key,
            Http = http,
            Server = settings.Server,
            Mirrors = mirrors,
            Storage = storage,
            Limits = settings.Network.Limits,
            Retry = RetryPolicy.Create(TimeProvider.System, s_firstRetry, settings.Network.Retries, settings.Network.MaxRetryAfter),
            Time = TimeProvider.System,
            Clock = clock,
            Log = log,
        };
        CertificateRenewal renewal = new(new RenewalParts
        {
            Certificates = certificates,
            Key = key,
            Store = store,
            Http = http,
            Server = settings.Server,
            AuthoritiesFile = settings.DeviceCa,
            Time = new DeviceTime(clock),
            Log = log,
        });
        HostParts parts = new(@lock, key) { Agent = agent, Renewal = renewal };
        parts._connections.AddRange([http, .. mirrors.Select(static mirror => mirror.Http), .. storage is null ? (HttpClient[])[] : [storage.Http]]);
        return parts;
    }

    private static FileStream Lock(string directory)
    {
        DeviceFolder.DemandOwn(directory);
        try
        {
            DurableFile.CreateFolder(Path.Combine(directory, "run"));
        }
        catch (IOException e)
        {
            throw new DeviceStateException($"{directory}: wanted a folder that can be written: {e.Message}", e);
        }

        try
        {
            return new FileStream(Path.Combine(directory, "run", LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new DeviceBusyException($"{directory}: another agent runs on this device (stop its service first): {e.Message}", e);
        }
    }

    // A device whose clock is dead would never find its certificate old.
    private sealed class DeviceTime(DeviceClock clock) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => clock.Now;
    }
}
