using Fota.DeviceAgent.Tests.PowerCuts;
using Fota.TestKit.Media;

namespace Fota.DeviceAgent.Tests;

/// <summary>The harness can fail: a device that lacks one safeguard breaks a promise, and the run says which.</summary>
public sealed class PowerCutMutationTests
{
    private static readonly CutBreadth s_breadth = new(Seed: 1, Combinations: 4);

    [Test]
    [Category("Full")]
    public async Task A33_Missing_flush_before_the_boot_record_is_found() => Found(await UpdatesAsync(Mutants.WithoutFlushBeforeBootRecord, "P1"), "P1", "holds no proven release");

    [Test]
    public async Task A36_Counter_raised_before_confirm_is_found() => Found(await UpdatesAsync(Mutants.WithCounterRaisedBeforeConfirm, "P4"), "P4", "no release above 1 was confirmed");

    [Test]
    public async Task A33_Missing_flush_before_a_rename_is_found() => Found(await UpdatesAsync(Mutants.WithoutFlushBeforeRename, "P3"), "P3", "unreadable");

    [Test]
    [Category("Full")]
    public async Task A33_Missing_flush_of_the_directory_is_found() => Found(await UpdatesAsync(Mutants.WithoutFlushOfDirectory, "P1"), "P1", "holds no proven release");

    [Test]
    public async Task A38_Tries_persisted_after_the_jump_are_found()
    {
        using CutScene scene = new(new("1.0.0", 1), new("1.2.0", 1, ReleaseFate.Hangs));
        Found((await CutRun.OfUpdatesAsync(scene, Mutants.WithTriesPersistedAfterJump, s_breadth)).Broken, "P3", "not settled");
    }

    [Test]
    public async Task A31_Missing_read_back_is_found_by_a_dropped_write()
    {
        using CutScene scene = OneUpdate();
        FaultResult result = await FaultRun.AtEveryOperationAsync(
            scene, Mutants.WithoutReadBack, MediumFault.Dropped, static (step, at) => step.Number == at && step.Operation == MediumOperation.Write, patience: 0);
        Found(result.Broken, "P1", "holds no proven release");
    }

    [Test]
    public async Task A31_Missing_read_back_is_found_by_a_bad_sector([Values] BadSector kind)
    {
        using CutScene scene = OneUpdate();
        Found((await FaultRun.InEverySectorAsync(scene, Mutants.WithoutReadBack, kind)).Broken, "P1", "holds no proven release");
    }

    private static CutScene OneUpdate() => new(new("1.0.0", 1), new("1.1.0", 2));

    private static async Task<IReadOnlyList<PromiseBrokenException>> UpdatesAsync(DeviceVariant mutant, string promise)
    {
        using CutScene scene = new(new("1.0.0", 1), new("1.1.0", 2), new("1.2.0", 3));
        return (await CutRun.OfUpdatesAsync(scene, mutant, s_breadth with { Sought = promise })).Broken;
    }

    private static void Found(IReadOnlyList<PromiseBrokenException> broken, string promise, string what)
    {
        Assert.That(broken, Is.Not.Empty, "the mutant lives");
        Assert.That(broken.Select(static b => b.Promise), Does.Contain(promise));
        TestContext.Out.WriteLine($"{TestContext.CurrentContext.Test.Name}: {broken.First(b => b.Promise == promise).Message.Split('\n')[0]}");
        Assert.That(broken.First(b => b.Promise == promise).Message, Does.Contain(what));
    }
}
