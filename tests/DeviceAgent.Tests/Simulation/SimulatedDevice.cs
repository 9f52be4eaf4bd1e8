using System.Security.Cryptography;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Fetching;
using Fota.DeviceAgent.Gates;
using Fota.DeviceAgent.Health;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.Manifest;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.Samples.Board;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.Simulation;

/// <summary>
/// A device with its server: agent, board and real files, in one process. After every boot it checks what must hold whatever happened: something
/// boots, it is not below the floor, and the floor did not fall.
/// </summary>
internal sealed class SimulatedDevice : IDisposable
{
    public const int SlotSize = 64 * 1024;

    private const int MostBoots = 12;

    private readonly DeviceKeyInMemory _key = new();
    private readonly HttpClient _http;
    private readonly SimulatedClock _clock;
    private readonly DeviceIdentity _identity;
    private readonly int _slotSize;

    public SimulatedDevice(SampleRelease? factoryRelease = null, SoftwareKey? hashBasedKey = null, int slotSize = SlotSize)
    {
        _slotSize = slotSize;
        HashBased = hashBasedKey is null ? HashBasedAnchors.None : HashBasedAnchors.Of(new RoleKeys([hashBasedKey.PublicKey], 1));
        FactoryKeys = [.. hashBasedKey is null ? [] : (SoftwareKey[])[hashBasedKey]];
        // Memory, where there is such a place: a flush to a real disk, a thousand times, is what would take long.
        string parent = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        Folder = Directory.CreateDirectory(Path.Combine(parent, $"fota-device-{Guid.NewGuid():N}")).FullName;
        Server = new FleetServer(_key.PublicKey);
        _http = new HttpClient(Server);
        _clock = new SimulatedClock(Server.Repository);
        _identity = DeviceIdentity.From(FleetServer.DeviceName, ProductName.Parse("infusion-pump"), "pumps.example", "infusion-pump rev B", slotSize);
        Store = new PoweredStore(Folder, Power);
        Reader = new FileSlotReader(Folder, Store, slotSize);
        Factory = factoryRelease ?? SampleRelease.Create("1.0.0", sequence: 1);
        Manufacture();
    }

    /// <summary>What the device is born with beside the keys of its product.</summary>
    public HashBasedAnchors HashBased { get; }

    public string Folder { get; }

    public PowerSupply Power { get; } = new();

    public FleetServer Server { get; }

    public SampleRelease Factory { get; }

    public PoweredStore Store { get; }

    public FileSlotReader Reader { get; }

    public Lines Log { get; } = new();

    /// <summary>Every boot, in order.</summary>
    public IList<BootFacts> Boots { get; } = [];

    /// <summary>The slots as the agent that runs now has them.</summary>
    public PoweredSlots? Slots { get; private set; }

    /// <summary>Replaces the counter of the agents that start from now on.</summary>
    public Func<IRollbackCounter, IRollbackCounter> Counter { get; set; } = static counter => counter;

    /// <summary>The gates of agents that start from now on.</summary>
    public IReadOnlyList<IInstallGate> Gates { get; set; } = [];

    /// <summary>What agents that start from now on ask beside the self-test.</summary>
    public IReadOnlyList<IHealthCheck> HealthChecks { get; set; } = [];

    /// <summary>The policy of agents that start from now on.</summary>
    public HealthPolicy HealthPolicy { get; set; } = HealthPolicy.Default;

    /// <summary>When the agent was built.</summary>
    public DateTimeOffset Built { get; set; } = DateTimeOffset.UnixEpoch;

    /// <summary>How long the device has been running beside the time that really passes.</summary>
    public TimeSpan Uptime
    {
        get => _clock.Passed;
        set => _clock.Pass(value - _clock.Passed);
    }

    /// <summary>What time the device takes it to be: a new look at what it remembers.</summary>
    public State.DeviceClock Time => new(Store, _clock, Built);

    /// <summary>The mirrors of agents that start from now on.</summary>
    public IReadOnlyList<RepositorySource> Mirrors { get; set; } = [];

    /// <summary>The connection to what the server names, of agents that start from now on; none unless a test sets it.</summary>
    public ContentStorage? Storage { get; set; }

    /// <summary>The limits of agents that start from now on.</summary>
    public TransferLimits Limits { get; set; } = TransferLimits.Default;

    /// <summary>How agents that start from now on retry: at once.</summary>
    public Polly.ResiliencePipeline Retry { get; set; } = RetryPolicy.Create(TimeProvider.System, TimeSpan.Zero);

    /// <summary>The device's clock.</summary>
    public SimulatedClock Clock => _clock;

    public IRollbackCounter FloorCounter => new FileRollbackCounter(Store);

    public SecurityVersion Floor => FloorCounter.Read();

    public BootRecord Record => Records.Read()!;

    /// <summary>Who the device is.</summary>
    public DeviceIdentity Identity => _identity;

    /// <summary>Where the boot record is, for agents and bootloaders that start from now on.</summary>
    public IBootRecordStore Records { get => field ??= new BootRecordStore(Store); set; }

    public DeviceStatus Status => DeviceStatus.Read(Store);

    /// <summary>The bootloader of this board.</summary>
    public Bootloader Bootloader => new(Store, Records, Reader, FloorCounter, ReleaseAnchors.Of(Server.Repository.Pump.PublicKeys, HashBased), _identity.Traits, Log.Progress);

    /// <summary>Switches the device on: boots, runs the image, starts an agent. What had to hold is checked.</summary>
    public UpdateAgent PowerOn()
    {
        SecurityVersion floor = Floor;
        Assert.That(floor.Value, Is.GreaterThanOrEqualTo(_highestFloor), "the floor fell");
        _highestFloor = floor.Value;
        FileHealthCheck.Forget(Store);
        BootFacts? booted = Bootloader.Boot();
        Assert.That(booted, Is.Not.Null, "nothing booted");
        Assert.That(booted!.Release.SecurityVersion.Value, Is.GreaterThanOrEqualTo(floor.Value), "booted below the floor");
        Boots.Add(booted);
        new PumpFirmware(Reader, Store).Run(booted.Running);
        return StartAgent();
    }

    /// <summary>Starts an agent without a boot, as after it was killed.</summary>
    public UpdateAgent StartAgent()
    {
        BootControl boot = new(Records, BootFacts.Read(Store));
        Slots = new PoweredSlots(new FileSlotStorage(Folder, Store, boot, _slotSize), Reader, Power);
        return new UpdateAgent(new AgentParts
        {
            Identity = _identity,
            HashBased = HashBased,
            Store = Store,
            Slots = Slots,
            Boot = boot,
            Counter = Counter(FloorCounter),
            Gates = Gates,
            HealthChecks = [new FileHealthCheck(Store), .. HealthChecks],
            HealthPolicy = HealthPolicy,
            Key = _key,
            Http = _http,
            Server = new Uri("https://fleet.example/"),
            Mirrors = Mirrors,
            Storage = Storage,
            Limits = Limits,
            Retry = Retry,
            Time = _clock,
            Clock = Time,
            Log = Log,
        });
    }

    /// <summary>Switches the device on, and lets it follow one check-in.</summary>
    public async Task<AgentOutcome> StartUpdateAsync()
    {
        UpdateAgent agent = PowerOn();
        Assert.That(await agent.ResumeAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.Idle>());
        return await agent.CheckInAsync(CancellationToken.None);
    }

    /// <summary>Switches the device on and lets it run, through all reboots, until nothing is left to do.</summary>
    public async Task<AgentOutcome> RunAsync()
    {
        for (int boot = 0; boot < MostBoots; boot++)
        {
            try
            {
                UpdateAgent agent = PowerOn();
                AgentOutcome outcome = await agent.ResumeAsync(CancellationToken.None);
                while (outcome is not AgentOutcome.RebootRequested)
                {
                    outcome = await agent.CheckInAsync(CancellationToken.None);
                    if (outcome is AgentOutcome.Refused or AgentOutcome.Unavailable or AgentOutcome.Deferred or AgentOutcome.OnTrial || (outcome is AgentOutcome.Idle && Server.Assignment is null && Status.QueuedReports == 0))
                    {
                        return outcome;
                    }
                }
            }
            catch (PowerCutException)
            {
                Power.Restore();
            }
        }

        Assert.Fail($"not settled after {MostBoots} boots");
        throw new InvalidOperationException();
    }

    /// <summary>A picture of everything that decides what runs: boot record, slots, envelopes, counter.</summary>
    public IReadOnlyDictionary<string, string> Picture() => Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(Folder, path))
        .Where(static name => name.StartsWith("boot/", StringComparison.Ordinal) || name.StartsWith("slots/", StringComparison.Ordinal) || name == "counter")
        .ToDictionary(static name => name, name => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Path.Combine(Folder, name)))), StringComparer.Ordinal);

    /// <summary>The proof that slot A holds the image that the device was made with.</summary>
    public VerifiedImage VerifyFactoryImage()
    {
        VerifiedManifest manifest = VerifiedManifest.Verify(Factory.SignedBy([.. Server.Repository.Pump.Keys, .. FactoryKeys]), ReleaseAnchors.Of(Server.Repository.Pump.PublicKeys, HashBased)).OrThrow();
        using Stream image = Reader.OpenForReading(SlotName.A);
        return VerifiedImage.VerifyForBoot(manifest, _identity.Traits, default, ImageSlot.A, image).OrThrow();
    }

    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>Makes a file one that is there and cannot be read: the first bytes of a process's memory give EIO, to root as well.</summary>
    public void BreakFile(string name)
    {
        File.Delete(PathOf(name));
        File.CreateSymbolicLink(PathOf(name), "/proc/self/mem");
    }

    public void Dispose()
    {
        _http.Dispose();
        Server.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private SoftwareKey[] FactoryKeys { get; }

    private uint _highestFloor;

    /// <summary>The production line once more.</summary>
    public void Manufacture()
    {
        string image = PathOf("factory.img"), envelope = PathOf("factory.suit"), root = PathOf("root.json");
        File.WriteAllBytes(image, Factory.Image);
        File.WriteAllBytes(envelope, Factory.SignedBy([.. Server.Repository.Pump.Keys, .. FactoryKeys]).Bytes.ToArray());
        File.WriteAllBytes(root, Server.Repository.TrustedRoot);
        Samples.Board.Factory.Manufacture(Folder, Store, _identity, ReleaseAnchors.Of(Server.Repository.Pump.PublicKeys, HashBased), image, envelope, root);
    }

}

/// <summary>A clock that says the repository's time, and lets waits pass in no time when a test asks for that.</summary>
internal sealed class SimulatedClock(RepositorySimulator repository) : TimeProvider
{
    private long _passed;

    /// <summary>Timers that are shorter than this run out at once, and the clock says that their time has passed; none unless a test sets it.</summary>
    public TimeSpan SkipsBelow { get; set; } = TimeSpan.Zero;

    /// <summary>What was waited in that way.</summary>
    public TimeSpan Passed => TimeSpan.FromTicks(_passed);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Lets time pass.</summary>
    public void Pass(TimeSpan time) => _passed += time.Ticks;

    public override long GetTimestamp() => _passed;

    public override DateTimeOffset GetUtcNow() => repository.Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        bool skips = dueTime < SkipsBelow && dueTime >= TimeSpan.Zero;
        if (skips)
        {
            Pass(dueTime);
        }

        return base.CreateTimer(callback, state, skips ? TimeSpan.Zero : dueTime, period);
    }
}

/// <summary>What agent and bootloader said.</summary>
internal sealed class Lines : IAgentLog
{
    public IList<string> All { get; } = [];

    /// <summary>Told each line of progress when it is said.</summary>
    public Action<string> OnProgress { get; set; } = static _ => { };

    public void Progress(string line)
    {
        All.Add(line);
        OnProgress(line);
    }

    public IList<(ReleaseVersion Release, long Done, long Total)> Transfers { get; } = [];

    public void Transferred(ReleaseVersion release, long done, long total) => Transfers.Add((release, done, total));

    public void Refused(Rejection rejection) => All.Add($"refused: {rejection}");

    public void Waiting(string line) => All.Add($"waiting: {line}");
}
