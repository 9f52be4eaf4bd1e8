using System.Collections.Concurrent;
using System.Globalization;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Storage;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.TestKit.Fuzzing;
using Fota.TestKit.Media;

namespace Fota.DeviceAgent.Tests.PowerCuts;

/// <summary>
/// Runs a device once from its factory through all releases of a scene, and at every operation on its medium takes the states that a power cut could
/// leave there. From each of them, once, the device is switched on and has to come to the end that it would have come to without the cut. What the agent
/// and the bootloader had in memory is gone with the power, so nothing but medium and server is carried over a cut.
/// </summary>
internal sealed class CutRun
{
    private const int MostBroken = 3;

    private readonly CutScene _scene;
    private readonly DeviceVariant _variant;
    private readonly CutBreadth _breadth;
    private readonly CutStates _cuts;
    private readonly List<CutState> _states = [];
    private readonly ConcurrentQueue<PromiseBrokenException> _broken = new();
    private int _operations;
    private int _boots;
    private int _pairs;

    private CutRun(CutScene scene, DeviceVariant variant, CutBreadth breadth)
    {
        _scene = scene;
        _variant = variant;
        _breadth = breadth;
        _cuts = new CutStates(breadth);
    }

    /// <summary>Cuts everywhere from the first release that is offered to the last.</summary>
    public static async Task<CutResult> OfUpdatesAsync(CutScene scene, DeviceVariant variant, CutBreadth breadth)
    {
        ArgumentNullException.ThrowIfNull(scene);
        CutRun run = new(scene, variant, breadth);
        await run.RecordAsync();
        await run.RecoverAllAsync();
        return run.Result;
    }

    /// <summary>Cuts everywhere in the factory. A device that has no boot record yet is manufactured again; then it is updated.</summary>
    public static async Task<CutResult> OfManufactureAsync(CutScene scene, CutBreadth breadth)
    {
        ArgumentNullException.ThrowIfNull(scene);
        CutRun run = new(scene, DeviceVariant.Product, breadth);
        SimulatedMedium medium = new();
        FleetServer server = scene.NewServer(0);
        medium.Done = step => run.Collect(step, medium, server, release: 1, floor: null);
        scene.Manufacture(medium);
        run._operations = medium.Operations;
        await run.RecoverAllAsync();
        return run.Result;
    }

    private CutResult Result => new(_operations, _cuts.Cuts, _states.Count, _pairs, _boots, [.. _broken]);

    private async Task RecordAsync()
    {
        using MediumDevice device = new(_scene, _variant, _scene.Manufactured.AfterCut(MediumCut.KeepsNothing), _scene.NewServer(0), _scene.Releases[0].SecurityVersion);
        uint? floor = device.KnownFloor;
        for (int release = 1; release < _scene.Releases.Count; release++)
        {
            int offered = release;
            _scene.Offer(device.Server, release);
            device.Medium.Done = step => floor = Collect(step, device.Medium, device.Server, offered, floor);
            if (!await SettleAsync(device, release, $"without a cut, {_scene.Releases[release].Version}"))
            {
                break;
            }
        }

        _operations = device.Medium.Operations;
    }

    // The floor is the durable one, which no cut may lower; null while the device is being manufactured.
    private uint? Collect(MediumStep step, SimulatedMedium medium, FleetServer server, int release, uint? floor)
    {
        floor = floor is null ? null : Promises.FloorOf(new FileDurableStore(CutScene.Folder, medium.AfterCut(MediumCut.KeepsNothing)));
        foreach ((string where, SimulatedMedium left) in _cuts.Of(medium, step, $"{server.Reports.Count} {server.Assignment} {release}"))
        {
            _states.Add(new CutState(where, left, _scene.Copy(server), release, floor));
        }

        return floor;
    }

    private async Task RecoverAllAsync()
    {
        ParallelOptions cores = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };
        await Parallel.ForAsync(0, _states.Count, cores, async (index, _) =>
        {
            if (_broken.Count(b => _breadth.Sought is null || b.Promise == _breadth.Sought) < MostBroken)
            {
                await RecoverAsync(_states[index], SplitMix.For(_breadth.Seed, "pairs", index), _breadth.SecondCuts);
            }
        });
    }

    private async Task RecoverAsync(CutState state, SplitMix chance, int secondCuts)
    {
        if (state.KnownFloor is null && new BootRecordStore(new FileDurableStore(CutScene.Folder, state.Medium)).Read() is null)
        {
            _scene.Manufacture(state.Medium);
        }

        List<CutState> second = [];
        using MediumDevice device = new(_scene, _variant, state.Medium, state.Server, state.KnownFloor ?? 0);
        for (int release = state.Release; release < _scene.Releases.Count; release++)
        {
            int offered = release;
            if (release > state.Release || state.KnownFloor is null)
            {
                _scene.Offer(device.Server, release);
            }

            if (secondCuts > 0)
            {
                device.Medium.Done = step =>
                {
                    // A few of the operations, and of the cuts at each, drawn by the seed.
                    if (chance.Below(_breadth.SecondCutOneIn) == 0 && second.Count < secondCuts)
                    {
                        MediumCut[] cuts = [.. MediumCut.Of(device.Medium, _breadth.Seed, _breadth.Combinations, _breadth.Stride)];
                        MediumCut cut = cuts[chance.Below(cuts.Length)];
                        second.Add(new CutState($"{state.Where}; then {step}, {cut.Flavour}", device.Medium.AfterCut(cut), _scene.Copy(device.Server), offered, device.KnownFloor));
                    }
                };
            }

            if (!await SettleAsync(device, release, state.Where))
            {
                break;
            }
        }

        Interlocked.Add(ref _boots, device.Boots);
        Interlocked.Add(ref _pairs, second.Count);
        foreach (CutState next in second)
        {
            await RecoverAsync(next, chance, secondCuts: 0);
        }
    }

    private async Task<bool> SettleAsync(MediumDevice device, int release, string where)
    {
        try
        {
            Promises.CheckInstalled(device, await device.RunAsync(), release);
            Promises.CheckReports(device.Server, _scene.Releases[release]);
            return true;
        }
        catch (Exception e)
        {
            string promise = (e as PromiseBrokenException)?.Promise ?? "P3", what = e is PromiseBrokenException ? e.Message : e.ToString();
            _broken.Enqueue(new PromiseBrokenException(promise, string.Create(CultureInfo.InvariantCulture, $"{where}: {what}\n  {string.Join("\n  ", device.Log.All)}"), e));
            return false;
        }
    }

    private sealed record CutState(string Where, SimulatedMedium Medium, FleetServer Server, int Release, uint? KnownFloor);
}

/// <summary>What came of it.</summary>
/// <param name="Operations">Operations of the run that was cut.</param>
/// <param name="Cuts">Cuts: at every operation, in every flavour.</param>
/// <param name="States">How many of the states that they leave differ.</param>
/// <param name="Pairs">Runs that were cut a second time.</param>
/// <param name="Boots">Boots in all runs after a cut.</param>
/// <param name="Broken">What was broken, at least the first of it.</param>
internal sealed record CutResult(int Operations, int Cuts, int States, int Pairs, int Boots, IReadOnlyList<PromiseBrokenException> Broken)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"operations {Operations}, cuts {Cuts}, states {States}, {(Pairs > 0 ? $"second cuts {Pairs}, " : "")}boots {Boots}: {(Broken.Count == 0 ? "P1 P2 P3 P4 held" : string.Join(' ', Broken.Select(static b => b.Promise).Distinct(StringComparer.Ordinal)) + " broken")}");
}
