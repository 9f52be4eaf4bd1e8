using System.Collections.Concurrent;
using System.Globalization;
using Fota.Manifest;
using Fota.TestKit.Media;

namespace Fota.DeviceAgent.Tests.PowerCuts;

/// <summary>
/// Faults other than power cuts. A device takes the first release of a scene while its medium fails at one place; it may refuse, by a typed reason, and has
/// to boot whatever happens. Then the medium is mended and the power cut, and the release is offered again: now it has to be taken.
/// </summary>
internal sealed class FaultRun
{
    private readonly CutScene _scene;
    private readonly DeviceVariant _variant;
    private readonly ConcurrentQueue<PromiseBrokenException> _broken = new();
    private int _refused;
    private int _boots;

    private FaultRun(CutScene scene, DeviceVariant variant)
    {
        _scene = scene;
        _variant = variant;
    }

    /// <summary>A fault at every operation, once or from there on.</summary>
    /// <param name="scene">The device and its releases.</param>
    /// <param name="variant">How the device is put together.</param>
    /// <param name="fault">What happens instead of the operation.</param>
    /// <param name="hits">Whether the fault hits an operation, when it is meant to begin at the operation of that number.</param>
    /// <param name="patience">How many refusals the agent's program bears.</param>
    public static async Task<FaultResult> AtEveryOperationAsync(CutScene scene, DeviceVariant variant, MediumFault fault, Func<MediumStep, int, bool> hits, int patience)
    {
        ArgumentNullException.ThrowIfNull(scene);
        FaultRun run = new(scene, variant);
        int operations = await run.CountAsync(static medium => medium.Operations);
        await run.AllAsync(operations, async number =>
        {
            using MediumDevice device = run.Offered(scene.Manufactured.AfterCut(MediumCut.KeepsNothing));
            device.Fault = step => hits(step, number) ? fault : MediumFault.None;
            device.Patience = patience;
            bool refused = run.Judge(device, await device.RunAsync(), RejectionReason.StorageFailed, RejectionReason.ImageMismatch);
            device.Fault = static _ => MediumFault.None;
            await run.RetryAsync(device, MediumCut.KeepsNothing, refused);
            await run.RetryAsync(device, MediumCut.KeepsAll(device.Medium), refused);
        });
        return run.ResultOf(operations);
    }

    /// <summary>Each sector that is allocated is the one that is bad.</summary>
    public static async Task<FaultResult> InEverySectorAsync(CutScene scene, DeviceVariant variant, BadSector kind)
    {
        ArgumentNullException.ThrowIfNull(scene);
        FaultRun run = new(scene, variant);
        int first = scene.Manufactured.Allocated, sectors = await run.CountAsync(static medium => medium.Allocated) - first;
        await run.AllAsync(sectors, async number =>
        {
            SimulatedMedium medium = scene.Manufactured.AfterCut(MediumCut.KeepsNothing);
            medium.Bad = (first + number, kind);
            using MediumDevice device = run.Offered(medium);
            device.Patience = 2;
            run.Judge(device, await device.RunAsync(), RejectionReason.StorageFailed, RejectionReason.ImageMismatch);

            // A slot stays where it is: as long as its sector is bad, no release gets into it. Every other file finds a better place.
            bool inSlot = medium.BadFile?.EndsWith(".img", StringComparison.Ordinal) is true;
            using MediumDevice next = run.Next(device, MediumCut.KeepsNothing);
            if (inSlot)
            {
                run._scene.Offer(next.Server, 1);
                run.Judge(next, await next.RunAsync(), RejectionReason.StorageFailed, RejectionReason.ImageMismatch);
                Promises.CheckAtRest(next);
            }
            else
            {
                await run.RetryAsync(next, MediumCut.KeepsNothing, refused: next.Server.Assignment is null);
            }
        });
        return run.ResultOf(sectors);
    }

    private FaultResult ResultOf(int places) => new(places, _refused, _boots, [.. _broken]);

    private async Task<int> CountAsync(Func<SimulatedMedium, int> count)
    {
        using MediumDevice device = Offered(_scene.Manufactured.AfterCut(MediumCut.KeepsNothing));
        Promises.CheckInstalled(device, await device.RunAsync(), 1);
        return count(device.Medium);
    }

    private MediumDevice Offered(SimulatedMedium medium)
    {
        MediumDevice device = new(_scene, _variant, medium, _scene.NewServer(0), _scene.Releases[0].SecurityVersion);
        _scene.Offer(device.Server, 1);
        return device;
    }

    private MediumDevice Next(MediumDevice device, MediumCut cut) => new(_scene, _variant, device.Medium.AfterCut(cut), _scene.Copy(device.Server), device.KnownFloor);

    private bool Judge(MediumDevice device, AgentOutcome outcome, params RejectionReason[] reasons)
    {
        Interlocked.Add(ref _boots, device.Boots);
        Interlocked.Add(ref _refused, Math.Min(device.Refusals, 1));
        return outcome is AgentOutcome.Refused { Rejection: var rejection } && !reasons.Contains(rejection.Reason)
            ? throw new PromiseBrokenException("P10", $"refused by {rejection}")
            : device.Refusals > 0;
    }

    private async Task RetryAsync(MediumDevice failed, MediumCut cut, bool refused)
    {
        using MediumDevice device = Next(failed, cut);
        if (refused && device.Server.Assignment is null)
        {
            _scene.Offer(device.Server, 1);
        }

        Promises.CheckInstalled(device, await device.RunAsync(), 1);
        Interlocked.Add(ref _boots, device.Boots);
    }

    private async Task AllAsync(int count, Func<int, Task> run)
    {
        ParallelOptions cores = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };
        await Parallel.ForAsync(0, count, cores, async (number, _) =>
        {
            try
            {
                await run(number);
            }
            catch (Exception e)
            {
                string promise = (e as PromiseBrokenException)?.Promise ?? "P10";
                _broken.Enqueue(new PromiseBrokenException(promise, string.Create(CultureInfo.InvariantCulture, $"fault at {number}: {(e is PromiseBrokenException ? e.Message : e)}"), e));
            }
        });
    }
}

/// <summary>What came of the faults.</summary>
/// <param name="Places">Operations or sectors that failed, one in each run.</param>
/// <param name="Refused">Runs in which the agent refused.</param>
/// <param name="Boots">Boots in all runs.</param>
/// <param name="Broken">What was broken.</param>
internal sealed record FaultResult(int Places, int Refused, int Boots, IReadOnlyList<PromiseBrokenException> Broken)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"faults {Places}, refused {Refused}, boots {Boots}: {(Broken.Count == 0 ? "P1 P2 P3 P4 held" : string.Join(' ', Broken.Select(static b => b.Promise).Distinct(StringComparer.Ordinal)) + " broken")}");
}
