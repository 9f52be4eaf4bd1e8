using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Gates;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.Gates;

/// <summary>Gates along a whole update: when they are asked, and what a closed one leaves behind.</summary>
public sealed class InstallGateTests
{
    private static readonly GatePoint[] s_update = [GatePoint.Write, GatePoint.Activation, GatePoint.Reboot, GatePoint.Reboot];

    [Test]
    [Proves("G-1")]
    public async Task A43_Gates_are_asked_before_write_before_activation_and_before_reboot()
    {
        using SimulatedDevice device = Offered(out ScriptedGate gate);
        await device.RunAsync();
        Assert.That(gate.Points, Is.EqualTo(s_update));
        Assert.That(gate.Asked.Select(static asked => asked.Release.Version.ToString()), Is.All.EqualTo("1.1.0"));
        Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.1.0"));
    }

    [Test]
    [Proves("G-1", "G-4", "G-8")]
    public async Task A43_Closed_gate_before_writing_changes_nothing_and_fetches_nothing_of_the_image()
    {
        using SimulatedDevice device = Offered(out ScriptedGate gate);
        gate.ClosedBefore(GatePoint.Write);
        IReadOnlyDictionary<string, string> before = device.Picture();

        AgentOutcome outcome = await device.RunAsync();

        Assert.That(((AgentOutcome.Deferred)outcome).Why, Is.EqualTo(new Rejection(RejectionReason.GateClosed, "gate command closed before writing: the test says so")));
        Assert.That(device.Picture(), Is.EqualTo(before));
        Assert.That(device.Slots!.Opened, Is.Empty);
        Assert.That(device.Server.Requests, Has.None.Contains("/packs/").And.None.Contains("/tables/"));
        DeviceReport report = device.Server.Reports[^1];
        Assert.That((report.State, report.Reason, report.Detail), Is.EqualTo((ReportState.Deferred, RejectionReason.GateClosed, "gate command closed before writing: the test says so")));
        Assert.That(device.Status.WaitsFor!.Point, Is.EqualTo(GatePoint.Write));
        Assert.That(device.Status.LastFailure, Is.Null);
    }

    [Test]
    [Proves("G-4", "G-8")]
    public async Task A43_Deferral_is_told_once_costs_one_round_trip_and_ends_when_the_gate_opens()
    {
        using SimulatedDevice device = Offered(out ScriptedGate gate);
        gate.ClosedBefore(GatePoint.Write);
        UpdateAgent agent = await ResumedAsync(device);
        Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.Deferred>());
        device.Server.Requests.Clear();
        int percent = 30;
        gate.WhyClosed = _ => $"{percent++} %";
        for (int poll = 0; poll < 3; poll++)
        {
            Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.Deferred>());
        }

        Assert.That(device.Server.States, Is.EqualTo(new[] { ReportState.Deferred }));
        Assert.That(device.Server.Requests, Is.All.EqualTo("/api/v1/check-in").And.Exactly(3).Items);

        gate.Opened();
        await agent.CheckInAsync(CancellationToken.None);
        await device.RunAsync();
        Assert.That(device.Server.States, Is.EqualTo(new[] { ReportState.Deferred, ReportState.Installing, ReportState.Activated, ReportState.Confirmed }));
        Assert.That(device.Status.WaitsFor, Is.Null);
    }

    [Test]
    [Proves("G-5", "G-6")]
    public async Task A43_Closed_gate_before_the_reboot_leaves_the_slot_staged_and_not_activated([Values(GatePoint.Activation, GatePoint.Reboot)] GatePoint point)
    {
        using SimulatedDevice device = Offered(out ScriptedGate gate);
        gate.ClosedBefore(point);

        Assert.That(await device.RunAsync(), Is.InstanceOf<AgentOutcome.Deferred>());

        Assert.That(device.Record.B, Is.EqualTo(SlotBootState.Unbootable));
        Assert.That(device.Status.Step, Is.EqualTo(UpdateStep.Staged));
        Assert.That(device.Server.States, Is.EqualTo(new[] { ReportState.Installing, ReportState.Deferred }));
    }

    [Test]
    [Proves("G-5")]
    public async Task A43_Gate_that_closes_between_activation_and_reboot_takes_the_activation_back_before_the_power_can_fail()
    {
        using SimulatedDevice device = Offered(out ScriptedGate gate);
        bool wasActive = false;
        gate.WhyClosed = question =>
        {
            wasActive |= device.Record.B.IsPending;
            return question.Point == GatePoint.Reboot && device.Record.B.IsPending ? "a patient was connected" : null;
        };

        Assert.That(await device.StartUpdateAsync(), Is.InstanceOf<AgentOutcome.Deferred>());

        Assert.That(wasActive, Is.True, "the case at hand: it was activated");
        Assert.That(device.Record.B, Is.EqualTo(SlotBootState.Unbootable));
        device.PowerOn();
        Assert.That(device.Boots[^1].Running, Is.EqualTo(SlotName.A));
    }

    [Test]
    [Proves("G-5")]
    public async Task A43_Activation_that_could_not_be_taken_back_is_taken_back_by_the_next_check_in()
    {
        using SimulatedDevice device = Offered(out ScriptedGate gate);
        StubbornRecords records = new(device.Records);
        device.Records = records;
        gate.WhyClosed = question => question.Point == GatePoint.Reboot && (records.TakesNothing |= device.Record.B.IsPending) ? "a patient was connected" : null;
        UpdateAgent agent = device.PowerOn();
        await agent.ResumeAsync(CancellationToken.None);
        AgentOutcome outcome = await agent.CheckInAsync(CancellationToken.None);
        Assert.That((outcome as AgentOutcome.Refused)?.Rejection.Reason, Is.EqualTo(RejectionReason.StorageFailed));
        Assert.That(device.Record.B.IsPending, Is.True, "the case at hand");

        records.TakesNothing = false;
        gate.ClosedBefore(GatePoint.Write, GatePoint.Activation, GatePoint.Reboot);
        await agent.CheckInAsync(CancellationToken.None);
        Assert.That(device.Record.B, Is.EqualTo(SlotBootState.Unbootable));
    }

    [Test]
    [Proves("G-5")]
    public async Task A43_Agent_that_is_stopped_before_its_reboot_takes_the_activation_back()
    {
        using SimulatedDevice device = Offered(out ScriptedGate gate);
        Assert.That(await device.StartUpdateAsync(), Is.InstanceOf<AgentOutcome.RebootRequested>());
        Assert.That(device.Record.B.IsPending, Is.True, "the case at hand");
        using CancellationTokenSource stop = new();
        gate.WhyClosed = _ =>
        {
            stop.Cancel();
            throw new OperationCanceledException(stop.Token);
        };
        Assert.That(async () => await device.StartAgent().ResumeAsync(stop.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(device.Record.B, Is.EqualTo(SlotBootState.Unbootable));
    }

    [Test]
    [Proves("G-6")]
    public async Task A43_Staged_update_survives_a_restart_is_read_back_and_not_fetched_again()
    {
        using SimulatedDevice device = Offered(out ScriptedGate gate);
        gate.ClosedBefore(GatePoint.Activation);
        await device.RunAsync();
        device.Server.Blobs.Clear();
        gate.Opened();

        await device.RunAsync();

        Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.1.0"));
        Assert.That(device.Server.States, Is.EqualTo(new[] { ReportState.Installing, ReportState.Deferred, ReportState.Activated, ReportState.Confirmed }));
    }

    [Test]
    [Proves("G-6")]
    public async Task A31_Staged_update_whose_slot_changed_meanwhile_is_installed_anew()
    {
        using SimulatedDevice device = Offered(out ScriptedGate gate);
        gate.ClosedBefore(GatePoint.Activation);
        await device.RunAsync();
        string slot = device.Reader.PathOf(SlotName.B);
        byte[] bytes = await File.ReadAllBytesAsync(slot);
        bytes[7000] ^= 1;
        await File.WriteAllBytesAsync(slot, bytes);
        gate.Opened();

        await device.RunAsync();

        Assert.That(device.Log.All, Has.Some.StartsWith("refused: ImageMismatch"));
        Assert.That(device.Boots[^1].Release.Version.ToString(), Is.EqualTo("1.1.0"));
        Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.1.0"));
    }

    [Test]
    [Proves("G-6")]
    public async Task A35_Staged_update_that_the_floor_has_overtaken_is_not_activated()
    {
        using SimulatedDevice device = Offered(out ScriptedGate gate);
        gate.ClosedBefore(GatePoint.Activation);
        await device.RunAsync();
        FileRollbackCounter.Manufacture(device.Store, new SecurityVersion(2));
        gate.Opened();
        UpdateAgent agent = device.StartAgent();
        await agent.ResumeAsync(CancellationToken.None);

        AgentOutcome outcome = await agent.CheckInAsync(CancellationToken.None);

        Assert.That(((AgentOutcome.Refused)outcome).Rejection.Reason, Is.EqualTo(RejectionReason.BelowSecurityFloor));
        Assert.That(device.Record.B, Is.EqualTo(SlotBootState.Unbootable));
    }

    [Test]
    public async Task Staged_update_that_is_not_wanted_any_more_is_forgotten()
    {
        using SimulatedDevice device = Offered(out ScriptedGate gate);
        gate.ClosedBefore(GatePoint.Activation);
        await device.RunAsync();
        device.Server.Assignment = null;
        await device.RunAsync();
        Assert.That((device.Status.Step, device.Status.WaitsFor), Is.EqualTo(((UpdateStep?)null, (Deferral?)null)));
        Assert.That(device.Record.B, Is.EqualTo(SlotBootState.Unbootable));
    }

    [Test]
    [Proves("G-7")]
    public async Task A43_Agent_that_finds_an_activation_asks_the_gate_again_and_withdraws_it()
    {
        using SimulatedDevice device = Offered(out ScriptedGate gate);
        Assert.That(await device.StartUpdateAsync(), Is.InstanceOf<AgentOutcome.RebootRequested>());
        gate.ClosedBefore(GatePoint.Reboot);

        Assert.That(await device.StartAgent().ResumeAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.Idle>());

        Assert.That(device.Record.B, Is.EqualTo(SlotBootState.Unbootable));
        Assert.That(device.Status.Step, Is.EqualTo(UpdateStep.Staged));
        gate.Opened();
        await device.RunAsync();
        Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.1.0"));
    }

    [TestCase("throws")]
    [TestCase("answers nothing")]
    [Proves("G-2")]
    public async Task A43_Gate_that_does_not_answer_is_closed(string how)
    {
        using SimulatedDevice device = Offered(out _);
        device.Gates = [new BrokenGate(how)];
        AgentOutcome outcome = await device.RunAsync();
        Assert.That(((AgentOutcome.Deferred)outcome).Why.Detail, Is.EqualTo($"gate power closed before writing: {(how == "throws" ? "the sensor is gone" : "it gave no answer")}"));
        Assert.That(device.Slots!.Opened, Is.Empty);
    }

    [Test]
    public async Task Every_closed_gate_is_named()
    {
        using SimulatedDevice device = Offered(out _);
        device.Gates = [new ScriptedGate(GateKind.Power).ClosedBefore(GatePoint.Write), new ScriptedGate(GateKind.Consent), new ScriptedGate(GateKind.ClinicalUse).ClosedBefore(GatePoint.Write)];
        await device.RunAsync();
        Assert.That(device.Status.WaitsFor!.Gates, Is.EqualTo(new[] { GateKind.Power, GateKind.ClinicalUse }));
    }

    [Test]
    [Proves("G-3")]
    public async Task A43_Closed_gates_never_stop_a_device_from_going_back()
    {
        using SimulatedDevice device = new();
        ScriptedGate gate = new();
        device.Gates = [gate];
        device.Server.Offer(WholeUpdateTests.Unhealthy("1.2.0", 2));
        Assert.That(await device.StartUpdateAsync(), Is.InstanceOf<AgentOutcome.RebootRequested>());
        gate.ClosedBefore(GatePoint.Write, GatePoint.Activation, GatePoint.Reboot);
        gate.Asked.Clear();

        await device.RunAsync();

        Assert.That(device.Status.Running.Running, Is.EqualTo(SlotName.A));
        Assert.That(device.Server.States.Last(), Is.EqualTo(ReportState.RolledBack));
        Assert.That(gate.Asked, Is.Empty);
    }

    internal static SimulatedDevice Offered(out ScriptedGate gate, Func<UpdateManifest, UpdateManifest>? change = null)
    {
        SimulatedDevice device = new();
        gate = new ScriptedGate();
        device.Gates = [gate];
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2, change: change));
        return device;
    }

    private static async Task<UpdateAgent> ResumedAsync(SimulatedDevice device)
    {
        UpdateAgent agent = device.PowerOn();
        await agent.ResumeAsync(CancellationToken.None);
        return agent;
    }

    private sealed class BrokenGate(string how) : IInstallGate
    {
        public GateKind Kind => GateKind.Power;

        public bool NeverOverridden => false;

        public Task<GateAnswer> AskAsync(GateQuestion question, CancellationToken cancellation) =>
            how == "throws" ? throw new InvalidOperationException("the sensor is gone") : Task.FromResult<GateAnswer>(null!);
    }
}
