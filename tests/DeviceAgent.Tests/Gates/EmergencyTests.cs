using Fota.DeviceAgent.Gates;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.Gates;

/// <summary>A release that may pass closed gates: it passes those that it names, and no other door.</summary>
public sealed class EmergencyTests
{
    private static readonly GatePoint[] s_always = [GatePoint.Write, GatePoint.Activation, GatePoint.Reboot];

    [Test]
    [Proves("G-20", "G-23")]
    public async Task A43_Emergency_release_passes_the_gates_that_it_names_and_the_device_says_so()
    {
        using SimulatedDevice device = Closed(GateKind.MaintenanceWindow, neverOverridden: false, [GateKind.MaintenanceWindow]);

        await device.RunAsync();

        Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.1.0"));
        Assert.That(Report(device, ReportState.Installing).Detail, Is.EqualTo("gate maintenance-window overridden before writing: the test says so"));
        Assert.That(
            Report(device, ReportState.Activated).Detail,
            Is.EqualTo("gate maintenance-window overridden before activation: the test says so; gate maintenance-window overridden before reboot: the test says so"));
        Assert.That(device.Log.All, Has.Some.EqualTo("gate maintenance-window overridden before writing: the test says so (the release may pass it)"));
    }

    [Test]
    [Proves("G-20")]
    public async Task A43_Emergency_release_does_not_pass_a_gate_that_it_does_not_name()
    {
        using SimulatedDevice device = Closed(GateKind.Power, neverOverridden: false, [GateKind.MaintenanceWindow]);
        Assert.That(await device.RunAsync(), Is.InstanceOf<AgentOutcome.Deferred>());
        Assert.That(device.Slots!.Opened, Is.Empty);
    }

    [Test]
    [Proves("G-21")]
    public async Task A43_Gate_that_is_never_overridden_stays_closed_in_an_emergency()
    {
        using SimulatedDevice device = Closed(GateKind.ClinicalUse, neverOverridden: true, [GateKind.ClinicalUse]);
        Assert.That(await device.RunAsync(), Is.InstanceOf<AgentOutcome.Deferred>());
        Assert.That(device.Slots!.Opened, Is.Empty);
    }

    [Test]
    [Proves("G-22")]
    public async Task A35_P4_Emergency_release_below_the_floor_is_refused()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2, security: 0, change: static m => m with { GateOverride = GateOverride.Of(GateKinds.All) }));
        AgentOutcome outcome = await device.RunAsync();
        Assert.That(((AgentOutcome.Refused)outcome).Rejection.Reason, Is.EqualTo(RejectionReason.BelowSecurityFloor));
    }

    [Test]
    [Proves("G-20")]
    public async Task P5_Server_that_wishes_a_gate_away_is_not_heard()
    {
        // An assignment has room for a deployment and a target, and for no wish: the names are all that a server can put one into.
        using SimulatedDevice device = Closed(GateKind.Power, neverOverridden: false, []);
        device.Server.Assignment = device.Server.Assignment! with { Deployment = "override-gates power" };
        Assert.That(await device.RunAsync(), Is.InstanceOf<AgentOutcome.Deferred>());
        Assert.That(device.Slots!.Opened, Is.Empty);
    }

    private static SimulatedDevice Closed(GateKind kind, bool neverOverridden, GateKind[] named)
    {
        SimulatedDevice device = new() { Gates = [new ScriptedGate(kind, neverOverridden).ClosedBefore(s_always)] };
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2, change: m => m with { GateOverride = GateOverride.Of(named) }));
        return device;
    }

    private static DeviceReport Report(SimulatedDevice device, ReportState state) => device.Server.Reports.Single(report => report.State == state);
}
