using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Health;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Storage;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>The floor: how far it can still rise, and a policy that lets it follow later.</summary>
public sealed class FloorTests
{
    private static readonly HealthPolicy s_later = new() { FloorDelay = TimeSpan.FromDays(14) };

    [Test]
    [Proves("G-51")]
    public async Task A37_Release_beyond_the_end_of_the_counter_is_refused_before_anything_of_its_image_is_fetched()
    {
        using SimulatedDevice device = new() { Counter = static counter => new ShortCounter(counter, new SecurityVersion(4)) };
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2, security: 5));
        IReadOnlyDictionary<string, string> before = device.Picture();

        AgentOutcome outcome = await device.RunAsync();

        Assert.That(((AgentOutcome.Refused)outcome).Rejection, Is.EqualTo(new Rejection(RejectionReason.CounterExhausted, "security version: wanted at most 4 (the rollback counter's end), got 5")));
        Assert.That(device.Picture(), Is.EqualTo(before));
        Assert.That(device.Server.Requests, Has.None.Contains("/packs/").And.None.Contains("/tables/"));
        Assert.That(device.Server.Reports[^1].Reason, Is.EqualTo(RejectionReason.CounterExhausted));

        device.Server.Offer(SampleRelease.Create("1.1.1", sequence: 3, security: 4));
        await device.RunAsync();
        Assert.That(device.Floor.Value, Is.EqualTo(4), "its last value is of use");
    }

    [Test]
    [Proves("G-51")]
    public async Task A37_Counter_whose_end_cannot_be_read_stops_the_agent_before_the_first_write()
    {
        using SimulatedDevice device = new() { Counter = static counter => new ShortCounter(counter, null) };
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        UpdateAgent agent = device.PowerOn();
        await agent.ResumeAsync(CancellationToken.None);
        Assert.That(() => agent.CheckInAsync(CancellationToken.None), Throws.TypeOf<DeviceStateException>());
        Assert.That(device.Slots!.Opened, Is.Empty);
    }

    [Test]
    [Proves("G-50")]
    public async Task A36_Sequence_number_and_floor_are_those_of_the_confirmed_release_and_the_older_slot_is_barred()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 7, security: 2));
        await device.StartUpdateAsync();
        Assert.That(device.Status.Confirmed.Sequence.Value, Is.EqualTo(1), "activated is not confirmed");
        await device.RunAsync();
        Assert.That((device.Status.Confirmed.Sequence.Value, device.Floor.Value), Is.EqualTo((7ul, 2u)));
        Assert.That(device.Record.A, Is.EqualTo(SlotBootState.Unbootable));
    }

    [Test]
    [Proves("G-52", "G-53")]
    public async Task A36_Floor_that_lags_leaves_the_old_slot_bootable_and_rises_when_the_release_was_kept_for_long_enough()
    {
        using SimulatedDevice device = new() { HealthPolicy = s_later };
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2, security: 2));
        await device.RunAsync();
        Assert.That((device.Floor.Value, device.Record.A.Successful, device.Status.FloorLags), Is.EqualTo((1u, true, true)));

        device.Server.Repository.Now += TimeSpan.FromDays(13);
        await device.RunAsync();
        Assert.That((device.Floor.Value, device.Record.A.Successful), Is.EqualTo((1u, true)), "13 days");

        device.Server.Repository.Now += TimeSpan.FromDays(1);
        await device.RunAsync();
        Assert.That((device.Floor.Value, device.Record.A, device.Status.FloorLags), Is.EqualTo((2u, SlotBootState.Unbootable, false)), "14 days");
        Assert.That(device.Boots[^1].Running, Is.EqualTo(SlotName.B));
    }

    [Test]
    [Proves("G-52")]
    public async Task A36_Floor_that_is_due_waits_for_a_release_that_is_healthy()
    {
        using SimulatedDevice device = new() { HealthPolicy = s_later };
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2, security: 2));
        await device.RunAsync();
        device.Server.Repository.Now += TimeSpan.FromDays(14);
        UpdateAgent agent = device.PowerOn();
        await agent.ResumeAsync(CancellationToken.None);
        FileHealthCheck.Report(device.Store, "occlusion sensor");
        await agent.CheckInAsync(CancellationToken.None);
        Assert.That((device.Floor.Value, device.Record.A.Successful), Is.EqualTo((1u, true)));
        FileHealthCheck.Report(device.Store, null);
        await agent.CheckInAsync(CancellationToken.None);
        Assert.That(device.Floor.Value, Is.EqualTo(2));
    }

    [Test]
    [Proves("G-53")]
    public async Task P4_Floor_that_is_due_does_not_rise_while_another_release_runs()
    {
        using SimulatedDevice device = new() { HealthPolicy = s_later };
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2, security: 2));
        await device.RunAsync();
        new BootRecordStore(device.Store).Write(device.Record.With(SlotName.B, SlotBootState.Unbootable));
        device.Server.Repository.Now += TimeSpan.FromDays(20);
        await device.RunAsync();
        Assert.That(device.Boots[^1].Running, Is.EqualTo(SlotName.A), "the case at hand: it went back");
        Assert.That(device.Floor.Value, Is.EqualTo(1));
    }

    [Test]
    [Proves("G-53")]
    public async Task P4_Confirmation_of_another_release_cancels_a_rise_that_was_still_to_come()
    {
        using SimulatedDevice device = new() { HealthPolicy = s_later };
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2, security: 3));
        await device.RunAsync();
        device.Server.Offer(SampleRelease.Create("1.1.1", sequence: 3, security: 2));
        await device.RunAsync();
        device.Server.Repository.Now += TimeSpan.FromDays(14);
        await device.RunAsync();
        Assert.That(device.Floor.Value, Is.EqualTo(2), "that of what runs, not the higher one of what was given up");
        Assert.That(device.Record.B.Successful, Is.True, "1.1.0 lies above it");
    }

    [Test]
    [Proves("G-52")]
    public async Task P3_Power_cut_at_every_step_of_a_floor_that_rises_later_loses_neither_image_nor_floor([Values] PowerCut flavour)
    {
        int cuts = await StepByStep.CutEverywhereAsync(flavour, SampleRelease.Create("1.0.0", sequence: 1), async device =>
        {
            int? cut = device.Power.CutAt - device.Power.Operations;
            device.Power.CutAt = null;
            device.HealthPolicy = s_later;
            device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2, security: 2));
            await device.RunAsync();
            device.Server.Repository.Now += TimeSpan.FromDays(14);
            device.Power.CutAt = device.Power.Operations + cut;
            await device.RunAsync();
            Assert.That((device.Floor.Value, device.Record.A, device.Record.B.Successful, device.Status.FloorLags), Is.EqualTo((2u, SlotBootState.Unbootable, true, false)));
        });
        Assert.That(cuts, Is.GreaterThan(2));
    }

    [Test]
    [Proves("G-37")]
    public async Task A41_Release_that_cannot_be_written_three_times_in_a_row_is_not_tried_a_fourth_time()
    {
        using SimulatedDevice device = new();
        SampleRelease release = SampleRelease.Create("1.1.0", sequence: 2);
        device.Server.Publish(release);
        device.Log.OnProgress = line =>
        {
            if (line.EndsWith(", 100%", StringComparison.Ordinal))
            {
                byte[] bytes = File.ReadAllBytes(device.Reader.PathOf(SlotName.B));
                bytes[5000] ^= 1;
                File.WriteAllBytes(device.Reader.PathOf(SlotName.B), bytes);
            }
        };
        List<RejectionReason> reasons = [];
        for (int attempt = 0; attempt < 4; attempt++)
        {
            device.Server.Assign(release.TargetPath);
            reasons.Add(((AgentOutcome.Refused)await device.RunAsync()).Rejection.Reason);
        }

        Assert.That(reasons, Is.EqualTo(new[] { RejectionReason.ImageMismatch, RejectionReason.ImageMismatch, RejectionReason.ImageMismatch, RejectionReason.FailedBefore }));
    }

    [Test]
    public async Task A42_Staged_slot_is_not_taken_as_installed()
    {
        using SimulatedDevice device = new();
        device.Gates = [new ScriptedGate().ClosedBefore(Fota.DeviceAgent.Gates.GatePoint.Activation)];
        SampleRelease release = SampleRelease.Create("1.1.0", sequence: 2);
        device.Server.Offer(release);
        await device.RunAsync();
        Assert.That(device.Reader.ReadEnvelope(SlotName.B), Is.Not.Null, "the case at hand: it lies there whole");
        device.Server.Assign(release.TargetPath);
        Assert.That(await device.RunAsync(), Is.InstanceOf<AgentOutcome.Deferred>());
        Assert.That(device.Server.States, Has.None.EqualTo(ReportState.Confirmed));
        Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.0.0"));
    }

    private sealed class ShortCounter(IRollbackCounter counter, SecurityVersion? highest) : IRollbackCounter
    {
        public SecurityVersion Read() => counter.Read();

        public SecurityVersion ReadHighest() => highest ?? throw new DeviceStateException("rollback counter: the TPM does not answer");

        public void Raise(ConfirmedUpdate update) => counter.Raise(update);
    }
}
