using Fota.Interop.Posix;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Fetching;
using Fota.DeviceAgent.Identity;
using Fota.DeviceAgent.Keys;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Daemon;

/// <summary>An agent with the parts of this device, and the lock that keeps a second one away from them.</summary>
internal sealed class AgentHost : IDisposable
{
    private readonly FileStream _lock;
    private readonly IDeviceKey _key;
    private readonly HttpClient[] _connections;

    private AgentHost(FileStream @lock, IDeviceKey key, HttpClient[] connections, UpdateAgent agent, CertificateRenewal renewal)
    {
        _lock = @lock;
        _key = key;
        _connections = connections;
        Agent = agent;
        Renewal = renewal;
    }

    public UpdateAgent Agent { get; }

    /// <summary>To be run after a check-in that asks for no reboot.</summary>
    public CertificateRenewal Renewal { get; }

    /// <param name="settings">The device.</param>
    /// <param name="firstRetry">The shortest wait before something is tried again.</param>
    /// <param name="step">Told whenever something goes forward.</param>
    public static AgentHost Start(AgentSettings settings, TimeSpan firstRetry, Action step)
    {
        FileStream @lock = Lock(settings.Directory);
        IDeviceKey key = DeviceKeys.Open(settings.Key);
        FileDurableStore store = new(settings.Directory);
        FileRollbackCounter counter = new(store);
        IBootControl boot = settings.Boot.Open(settings, store, counter);
        DeviceClock clock = DeviceClock.Open(store, TimeProvider.System);
        DeviceCertificateStore certificates = new(settings.Certificate, store);
        HttpClient http = DeviceConnection.Open(settings, key, certificates, clock);
        IReadOnlyList<RepositorySource> mirrors = DeviceConnection.OpenMirrors(settings, key, certificates, clock);
        UpdateAgent agent = new(new AgentParts
        {
            Identity = settings.Identity,
            HashBased = settings.HashBased,
            Store = store,
            Slots = new FileSlotStorage(settings.Directory, store, boot, settings.Identity.Traits.SlotCapacity),
            Boot = boot,
            Counter = counter,
            Gates = settings.Gates(store, TimeProvider.System),
            HealthChecks = settings.Health.Open(store, http, settings.Server, TimeProvider.System),
            HealthPolicy = settings.Health.Policy,
            Key = key,
            Http = http,
            Server = settings.Server,
            Mirrors = mirrors,
            Limits = settings.Network.Limits,
            Retry = RetryPolicy.Create(TimeProvider.System, firstRetry, settings.Network.Retries, settings.Network.MaxRetryAfter),
            Time = TimeProvider.System,
            Clock = clock,
            Log = new ConsoleLog(step),
        });
        CertificateRenewal renewal = new(new RenewalParts
        {
            Certificates = certificates,
            Key = key,
            Store = store,
            Http = http,
            Server = settings.Server,
            AuthoritiesFile = settings.DeviceCa,
            Time = new DeviceTime(clock),
            Log = new ConsoleLog(step),
        });
        return new AgentHost(@lock, key, [http, .. mirrors.Select(static mirror => mirror.Http)], agent, renewal);
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

    private static FileStream Lock(string directory)
    {
        DeviceFolder.DemandOwn(directory);
        try
        {
            DurableFile.CreateFolder(Path.Combine(directory, "run"));
            return new FileStream(Path.Combine(directory, "run", "agent.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new DeviceStateException($"{directory}: another agent runs on this device, or the directory cannot be written: {e.Message}", e);
        }
    }

    // A device whose clock is dead would never find its certificate old.
    private sealed class DeviceTime(DeviceClock clock) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => clock.Now;
    }
}
