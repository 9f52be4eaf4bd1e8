using System.Text;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Fetching;
using Fota.DeviceAgent.Health;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Storage;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Interop.Posix;
using Fota.Samples.Board;
using Fota.TestKit.Media;

namespace Fota.DeviceAgent.Tests.PowerCuts;

/// <summary>
/// A device on a simulated medium: the real store, slots, boot record, counter, bootloader and agent. Every boot is preceded by the checks of
/// <see cref="Promises"/>; run/ is memory, empty after every boot.
/// </summary>
internal sealed class MediumDevice : IDisposable
{
    private const int MostBoots = 12;

    private readonly DeviceVariant _variant;
    private readonly HttpClient _http;
    private SlotName? _running;

    public MediumDevice(CutScene scene, DeviceVariant variant, SimulatedMedium medium, FleetServer server, uint knownFloor)
    {
        Scene = scene;
        _variant = variant;
        Medium = medium;
        Server = server;
        KnownFloor = knownFloor;
        _http = new HttpClient(server, disposeHandler: false);
        medium.Begins = step =>
        {
            Promises.CheckRunningSlot(_running, step);
            return Fault(step);
        };
        Mount();
    }

    public CutScene Scene { get; }

    public SimulatedMedium Medium { get; }

    public FleetServer Server { get; }

    /// <summary>What the medium does wrong.</summary>
    public Func<MediumStep, MediumFault> Fault { get; set; } = static _ => MediumFault.None;

    /// <summary>The highest floor that was seen: it never falls.</summary>
    public uint KnownFloor { get; set; }

    public int Boots { get; private set; }

    /// <summary>Boots of images that stood still.</summary>
    public int Hangs { get; private set; }

    /// <summary>How many refusals the agent's program bears before <see cref="RunAsync"/> ends with one; each is followed by another check-in.</summary>
    public int Patience { get; set; }

    /// <summary>Refusals, and servers that were not there, so far.</summary>
    public int Refusals { get; private set; }

    /// <summary>What is asked before every boot.</summary>
    public Action<MediumDevice> AtRest { get; init; } = Promises.CheckAtRest;

    public Lines Log { get; } = new();

    public FileDurableStore Store { get; private set; } = null!;

    public FileSlotReader Reader { get; private set; } = null!;

    public IFileSystem Files { get; private set; } = null!;

    /// <summary>The slot that was started last.</summary>
    public SlotName? Running => _running;

    public BootRecord? Record => new BootRecordStore(Store).Read();

    public DeviceStatus Status => DeviceStatus.Read(Store);

    /// <summary>Switches the device on, or restarts it.</summary>
    /// <returns>The agent; null when the image stood still, and the watchdog resets the board.</returns>
    public UpdateAgent? PowerOn()
    {
        Boots++;
        _running = null;
        Mount();
        AtRest(this);
        (IDurableStore bootStore, Action jumped) = _variant.Bootloader(Store);
        BootFacts booted = Promises.CheckBooted(this, Boot(bootStore));
        _running = booted.Running;
        if (IsHanging(booted.Running))
        {
            Hangs++;
            return null;
        }

        jumped();
        new PumpFirmware(Reader, Store).Run(booted.Running);
        FileBootControl boot = new(Store);
        FileRollbackCounter counter = new(Store);
        return new UpdateAgent(new AgentParts
        {
            Identity = Scene.Identity,
            HashBased = Manifest.Verification.HashBasedAnchors.None,
            Store = Store,
            Slots = _variant.Slots(new FileSlotStorage(CutScene.Folder, Store, boot, CutScene.SlotSize, Files)),
            Boot = _variant.Boot(boot, counter),
            Counter = counter,
            Gates = [],
            HealthChecks = [new FileHealthCheck(Store)],
            Key = Scene.Key,
            Http = _http,
            Server = new Uri("https://fleet.example/"),
            Retry = RetryPolicy.Create(TimeProvider.System, TimeSpan.Zero),
            Time = Scene.Time,
            Clock = new DeviceClock(Store, Scene.Time, DateTimeOffset.UnixEpoch),
            Log = Log,
        });
    }

    /// <summary>Runs through all reboots until nothing is left to do, or the agent says that it cannot.</summary>
    public async Task<AgentOutcome> RunAsync()
    {
        for (int boot = 0; boot < MostBoots; boot++)
        {
            if (PowerOn() is not { } agent)
            {
                continue;
            }

            AgentOutcome outcome = await agent.ResumeAsync(CancellationToken.None);
            while (outcome is not AgentOutcome.RebootRequested)
            {
                if (outcome is AgentOutcome.Refused or AgentOutcome.Unavailable && Refusals++ >= Patience)
                {
                    return outcome;
                }

                outcome = await agent.CheckInAsync(CancellationToken.None);
                if (outcome is AgentOutcome.Idle && Server.Assignment is null && Status.QueuedReports == 0)
                {
                    return outcome;
                }
            }
        }

        throw new PromiseBrokenException("P3", $"not settled after {MostBoots} boots");
    }

    public void Dispose() => _http.Dispose();

    private void Mount()
    {
        SimulatedMedium memory = new();
        memory.CreateDirectory(CutScene.Folder);
        memory.CreateDirectory(CutScene.Folder + "/run");
        Files = _variant.Files(new MountedFileSystem(Medium, CutScene.Folder + "/run", memory));
        Store = new FileDurableStore(CutScene.Folder, Files);
        Reader = new FileSlotReader(CutScene.Folder, Store, CutScene.SlotSize, Files);
    }

    private BootFacts? Boot(IDurableStore store)
    {
        try
        {
            return new Bootloader(store, Reader, new FileRollbackCounter(Store), Scene.Anchors, Scene.Identity.Traits, Log.Progress).Boot();
        }
        catch (Exception e) when (e is not PromiseBrokenException)
        {
            throw new PromiseBrokenException("P3", $"the bootloader stopped: {e.Message}", e);
        }
    }

    private bool IsHanging(SlotName slot)
    {
        using Stream image = Reader.OpenForReading(slot);
        byte[] header = new byte[64];
        int length = image.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        return Encoding.ASCII.GetString(header, 0, length).Contains("health=hang\n", StringComparison.Ordinal);
    }
}
