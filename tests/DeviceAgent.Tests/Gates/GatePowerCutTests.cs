using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Gates;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.Gates;

/// <summary>Power cuts around gates: whatever is cut, trial firmware starts only through an open gate, and the update is not lost.</summary>
public sealed class GatePowerCutTests
{
    [Test]
    [Proves("G-5")]
    public async Task P3_A43_No_power_cut_starts_a_trial_while_the_gate_of_the_reboot_is_closed([Values] PowerCut flavour)
    {
        int cuts = await StepByStep.CutEverywhereAsync(flavour, SampleRelease.Create("1.0.0", sequence: 1), async device =>
        {
            ScriptedGate gate = new ScriptedGate().ClosedBefore(GatePoint.Reboot);
            device.Gates = [gate];
            device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
            Assert.That(await device.RunAsync(), Is.InstanceOf<AgentOutcome.Deferred>());
            Boot(device);
            Assert.That(device.Boots.Select(static boot => boot.Running), Is.All.EqualTo(SlotName.A));
            gate.Opened();
            await device.RunAsync();
            Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.1.0"));
        });
        Assert.That(cuts, Is.GreaterThan(20));
    }

    [Test]
    [Proves("G-5")]
    public async Task P3_Power_cut_at_every_step_of_a_withdrawal_leaves_a_device_that_is_updated_later([Values] PowerCut flavour) =>
        await StepByStep.CutEverywhereAsync(flavour, SampleRelease.Create("1.0.0", sequence: 1), async device =>
        {
            // Connected once the slot is activated, and for good; so a cut before the withdrawal is through may start the trial, and one after it never.
            bool isConnected = false;
            device.Gates = [new ScriptedGate { WhyClosed = question => (isConnected |= device.Record.B.IsPending) && question.Point == GatePoint.Reboot ? "a patient was connected" : null }];
            device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
            await device.RunAsync();
            bool wasWithdrawn = device.Record.B == SlotBootState.Unbootable;
            Boot(device);
            Assert.That(device.Boots[^1].Running, Is.EqualTo(wasWithdrawn ? SlotName.A : SlotName.B));
            device.Gates = [];
            await device.RunAsync();
            Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.1.0"));
            Assert.That(device.Server.States.Last(), Is.EqualTo(ReportState.Confirmed));
        });

    private static void Boot(SimulatedDevice device)
    {
        try
        {
            device.PowerOn();
        }
        catch (PowerCutException)
        {
            device.Power.Restore();
            device.PowerOn();
        }
    }
}
