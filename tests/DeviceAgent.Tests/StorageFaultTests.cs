using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Storage;
using Fota.DeviceAgent.Tests.PowerCuts;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.TestKit;
using Fota.TestKit.Media;

namespace Fota.DeviceAgent.Tests;

/// <summary>A medium that fails otherwise than by losing power: at every operation, and in every sector.</summary>
public sealed class StorageFaultTests
{
    private CutScene _scene = null!;

    [OneTimeSetUp]
    public void Publish() => _scene = new CutScene(new("1.0.0", 1), new("1.1.0", 2));

    [OneTimeTearDown]
    public void Forget() => _scene.Dispose();

    [Test]
    public async Task P3_Operation_that_fails_once_costs_a_retry_and_no_promise([Values(0, 2)] int patience) =>
        Judge(await FaultRun.AtEveryOperationAsync(_scene, DeviceVariant.Product, MediumFault.InputOutputError, static (step, at) => step.Number == at, patience));

    [Test]
    public async Task P3_Full_disk_costs_a_retry_and_no_promise() =>
        Judge(await FaultRun.AtEveryOperationAsync(_scene, DeviceVariant.Product, MediumFault.NoSpace, static (step, at) => step.Number >= at, patience: 1));

    [Test]
    public async Task A39_Medium_that_becomes_read_only_costs_a_retry_and_no_promise() =>
        Judge(await FaultRun.AtEveryOperationAsync(_scene, DeviceVariant.Product, MediumFault.ReadOnly, static (step, at) => step.Number >= at, patience: 1));

    [Test]
    public async Task A31_Write_that_is_silently_dropped_is_found_before_anything_is_activated() =>
        Judge(await FaultRun.AtEveryOperationAsync(
            _scene, DeviceVariant.Product, MediumFault.Dropped, static (step, at) => step.Number == at && step.Operation == MediumOperation.Write, patience: 0));

    [Test]
    public async Task P3_Bad_sector_costs_a_retry_and_no_promise([Values] BadSector kind) =>
        Judge(await FaultRun.InEverySectorAsync(_scene, DeviceVariant.Product, kind));

    [Test]
    [Proves("B-31")]
    public async Task A39_Read_only_medium_refuses_the_update_before_the_first_write_of_the_slot()
    {
        using MediumDevice device = Offered();
        List<string> written = [];
        device.Fault = static _ => MediumFault.ReadOnly;
        device.Medium.Done = step => written.Add(step.Path);
        Assert.That((await device.RunAsync() as AgentOutcome.Refused)?.Rejection.Reason, Is.EqualTo(RejectionReason.StorageFailed));
        Assert.That(written, Is.Empty);
        Assert.That(device.Running, Is.EqualTo(SlotName.A));
    }

    [Test]
    public async Task A39_Trial_that_cannot_be_counted_is_put_off_and_what_is_confirmed_runs()
    {
        using MediumDevice device = Offered();
        await ActivateAsync(device);
        device.Fault = static _ => MediumFault.ReadOnly;
        UpdateAgent agent = device.PowerOn()!;
        Assert.That(device.Running, Is.EqualTo(SlotName.A));
        Assert.That(device.Log.All, Has.Some.Contains("boot record: cannot be written"));
        AgentOutcome outcome = await agent.ResumeAsync(CancellationToken.None);
        Assert.That((outcome as AgentOutcome.Refused)?.Rejection.Reason, Is.EqualTo(RejectionReason.StorageFailed), "no reboot that would lead here again");

        device.Fault = static _ => MediumFault.None;
        Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.RebootRequested>(), "the check-in resumes first");
        Promises.CheckInstalled(device, await device.RunAsync(), 1);
    }

    [Test]
    public async Task A39_Boot_record_alone_that_takes_no_writes_does_not_have_the_device_restart_for_ever()
    {
        using SimulatedDevice device = new();
        StubbornRecords records = new(device.Records);
        device.Records = records;
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        Assert.That(await device.StartUpdateAsync(), Is.InstanceOf<AgentOutcome.RebootRequested>());

        records.TakesNothing = true;
        UpdateAgent agent = device.PowerOn();
        Assert.That(device.Boots[^1].Running, Is.EqualTo(SlotName.A), "the case at hand: the trial cannot be counted");
        Assert.That((await agent.ResumeAsync(CancellationToken.None) as AgentOutcome.Refused)?.Rejection.Reason, Is.EqualTo(RejectionReason.StorageFailed));

        records.TakesNothing = false;
        await device.RunAsync();
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.1.0"));
    }

    [Test]
    public async Task A38_Slot_on_trial_runs_uncounted_where_nothing_else_may_run_and_the_boot_record_cannot_be_written()
    {
        using MediumDevice activated = Offered();
        await ActivateAsync(activated);
        new BootRecordStore(activated.Store).Write(activated.Record!.With(SlotName.A, SlotBootState.Unbootable));
        using MediumDevice device = new(_scene, DeviceVariant.Product, activated.Medium, activated.Server, 1) { AtRest = Promises.CheckFloor };
        device.Fault = static _ => MediumFault.ReadOnly;
        Assert.That(device.PowerOn(), Is.Not.Null);
        Assert.That(device.Running, Is.EqualTo(SlotName.B));
    }

    [Test]
    public async Task P3_Unhealthy_trial_is_reverted_although_the_medium_is_read_only()
    {
        using CutScene scene = new(new("1.0.0", 1), new("1.1.0", 2, ReleaseFate.FailsItsSelfTest));
        using MediumDevice device = new(scene, DeviceVariant.Product, scene.Manufactured.AfterCut(MediumCut.KeepsNothing), scene.NewServer(1), 1);
        scene.Offer(device.Server, 1);
        await ActivateAsync(device);
        UpdateAgent agent = device.PowerOn()!;
        Assert.That(device.Running, Is.EqualTo(SlotName.B));
        device.Fault = static _ => MediumFault.ReadOnly;
        Assert.That(await agent.ResumeAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.RebootRequested>());
        Assert.That(device.PowerOn(), Is.Not.Null);
        Assert.That(device.Running, Is.EqualTo(SlotName.A));
    }

    [Test]
    public async Task A36_Confirmation_that_storage_interrupts_is_finished_by_the_next_check_in()
    {
        using MediumDevice device = Offered();
        await ActivateAsync(device);
        UpdateAgent agent = device.PowerOn()!;
        device.Fault = static step => step.Path.Contains("counter", StringComparison.Ordinal) ? MediumFault.InputOutputError : MediumFault.None;
        Assert.That(await agent.ResumeAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.Refused>());
        Assert.That(device.Record!.B.Successful, Is.True, "the case at hand: confirmed, and the floor not raised");
        device.Fault = static _ => MediumFault.None;
        Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.Idle>());
        Assert.That(Promises.FloorOf(device.Store), Is.EqualTo(2));
    }

    [Test]
    public async Task A37_Counter_on_an_unreadable_sector_starts_nothing_and_says_why()
    {
        using MediumDevice device = Offered();
        await ActivateAsync(device);
        device.Medium.Decay($"{CutScene.Folder}/counter");
        Assert.That(() => new FileRollbackCounter(device.Store).Read(), Throws.TypeOf<DeviceStateException>().With.Message.Contains("rollback counter: unreadable"));
        Assert.That(device.PowerOn, Throws.TypeOf<PromiseBrokenException>().With.Message.Contains("rollback counter: unreadable"), "fail closed: a floor is not guessed");
    }

    [Test]
    public async Task A40_Either_copy_of_the_boot_record_may_be_lost_at_any_operation([Values(0, 1)] int copy)
    {
        using CutScene scene = new(new("1.0.0", 1), new("1.1.0", 2), new("1.2.0", 2));
        List<(string Where, SimulatedMedium Medium, FleetServer Server)> states = [];
        using (MediumDevice device = new(scene, DeviceVariant.Product, scene.Manufactured.AfterCut(MediumCut.KeepsNothing), scene.NewServer(1), 1))
        {
            scene.Offer(device.Server, 1);
            device.Medium.Done = step => states.Add(($"after {step}", device.Medium.AfterCut(MediumCut.KeepsNothing), scene.Copy(device.Server)));
            Promises.CheckInstalled(device, await device.RunAsync(), 1);
        }

        foreach ((string where, SimulatedMedium medium, FleetServer server) in states.Where(state => state.Medium.FileExists($"{CutScene.Folder}/boot/record.{1 - copy}")))
        {
            medium.Delete($"{CutScene.Folder}/boot/record.{copy}");
            using MediumDevice device = new(scene, DeviceVariant.Product, medium, server, 1) { AtRest = Promises.CheckFloor };
            await device.RunAsync();
            scene.Offer(server, 2);
            Assert.That(await device.RunAsync(), Is.InstanceOf<AgentOutcome.Idle>(), $"{where}: {string.Join(" | ", device.Log.All)}");
            Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.2.0"), where);
        }
    }

    private static async Task ActivateAsync(MediumDevice device)
    {
        UpdateAgent agent = device.PowerOn()!;
        await agent.ResumeAsync(CancellationToken.None);
        Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.RebootRequested>(), "the case at hand: activated");
    }

    private MediumDevice Offered()
    {
        MediumDevice device = new(_scene, DeviceVariant.Product, _scene.Manufactured.AfterCut(MediumCut.KeepsNothing), _scene.NewServer(1), 1);
        _scene.Offer(device.Server, 1);
        return device;
    }

    private static void Judge(FaultResult result)
    {
        TestContext.Out.WriteLine($"{TestContext.CurrentContext.Test.Name}: {result}");
        Assert.That(string.Join("\n\n", result.Broken.Take(5).Select(static b => b.Message)), Is.Empty);
        Assert.That(result.Places, Is.GreaterThan(40), "an update changes more than this");
        Assert.That(result.Refused, Is.Positive, "the case at hand: faults that the update cannot bear");
    }
}
