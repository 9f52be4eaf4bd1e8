using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Gates;
using Fota.DeviceAgent.Health;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.Health;

/// <summary>A trial of which the checks cannot say whether it is well, as in an outage of the network: neither confirmed, nor gone back, nor stuck.</summary>
public sealed class UndecidedTrialTests
{
    private static readonly TimeSpan s_survival = TimeSpan.FromMinutes(11);

    [Test]
    [Proves("G-32")]
    public async Task No_network_alone_does_not_revert_and_is_confirmed_when_it_is_back()
    {
        using SimulatedDevice device = await InOutageAsync();
        for (int day = 0; day < 30; day++)
        {
            UpdateAgent agent = device.PowerOn();
            Assert.That(await agent.ResumeAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.OnTrial>(), $"day {day}");
            device.Uptime += s_survival;
            Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.Unavailable>(), $"day {day}");
            device.Server.Repository.Now += TimeSpan.FromDays(1);
        }

        Assert.That(device.Boots.Skip(1).Select(static boot => boot.Running), Is.All.EqualTo(SlotName.B));
        device.Server.IsOffline = false;
        await device.RunAsync();
        Assert.That(device.Record.B.Successful, Is.True);
        Assert.That(device.Server.States.Last(), Is.EqualTo(ReportState.Confirmed));
    }

    [Test]
    [Proves("G-33")]
    public async Task Third_power_cut_in_an_outage_does_not_revert_what_has_run_for_ten_minutes()
    {
        using SimulatedDevice device = await InOutageAsync();
        for (int cut = 0; cut < 3; cut++)
        {
            UpdateAgent agent = device.PowerOn();
            await agent.ResumeAsync(CancellationToken.None);
            device.Uptime += s_survival;
            await agent.CheckInAsync(CancellationToken.None);
            Assert.That(device.Record.B.Tries, Is.EqualTo(SlotBootState.TrialBoots), "the boot is not counted");
        }

        device.PowerOn();
        Assert.That(device.Boots[^1].Running, Is.EqualTo(SlotName.B));
    }

    [Test]
    [Proves("G-33", "G-34")]
    public async Task Release_that_crashes_again_and_again_in_an_outage_goes_back_and_is_not_remembered_as_failed()
    {
        using SimulatedDevice device = await InOutageAsync();
        for (int crash = 0; crash < SlotBootState.TrialBoots; crash++)
        {
            await device.PowerOn().ResumeAsync(CancellationToken.None);
        }

        device.Server.IsOffline = false;
        await device.RunAsync();

        Assert.That(device.Boots[^1].Running, Is.EqualTo(SlotName.A));
        DeviceReport report = device.Server.Reports.Single(static r => r.State == ReportState.RolledBack);
        Assert.That(report.Reason, Is.EqualTo(RejectionReason.TrialUndecided));
        device.Server.Assign("infusion-pump/1.1.0/manifest.suit");
        await device.RunAsync();
        Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.1.0"), "tried again, and well");
    }

    [Test]
    [Proves("G-30", "G-31")]
    public async Task Unhealthy_release_goes_back_in_an_outage_too()
    {
        using SimulatedDevice device = await InOutageAsync();
        device.HealthChecks = [.. device.HealthChecks, new FixedCheck(new HealthVerdict.Unhealthy("the pump does not turn"))];
        for (int trial = 0; trial < SlotBootState.TrialBoots; trial++)
        {
            Assert.That(await device.PowerOn().ResumeAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.RebootRequested>());
        }

        device.Server.IsOffline = false;
        await device.RunAsync();
        Assert.That(device.Server.Reports.Single(static r => r.State == ReportState.RolledBack).Reason, Is.EqualTo(RejectionReason.HealthCheckFailed));
    }

    [TestCase(true, "the sensor is gone")]
    [TestCase(false, "a health check gave no answer")]
    [Proves("G-30")]
    public async Task Check_that_gives_no_answer_is_unhealthy(bool throws, string detail)
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        device.HealthChecks = [throws ? new ThrowingCheck() : new FixedCheck(null)];
        await device.RunAsync();
        Assert.That(device.Server.Reports.Single(static r => r.State == ReportState.RolledBack).Detail, Is.EqualTo(detail));
    }

    [Test]
    [Proves("G-36")]
    public async Task P9_Undecided_trial_is_reported_as_activated_and_never_as_idle()
    {
        using SimulatedDevice device = await OnTrialAsync();
        UpdateAgent agent = device.PowerOn();
        await agent.ResumeAsync(CancellationToken.None);
        for (int poll = 0; poll < 3; poll++)
        {
            Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.OnTrial>());
        }

        Assert.That(device.Server.Reports.Select(static r => r.State).Skip(2), Is.All.EqualTo(ReportState.Activated).And.Exactly(4).Items);
        Assert.That(device.Server.Reports.Where(static r => r.Reason == RejectionReason.TrialUndecided), Has.Exactly(1).Items, "said once");
    }

    [Test]
    [Proves("G-34", "G-36")]
    public async Task Other_release_ends_an_undecided_trial_by_going_back_and_is_installed_from_there()
    {
        using SimulatedDevice device = await OnTrialAsync();
        UpdateAgent agent = device.PowerOn();
        await agent.ResumeAsync(CancellationToken.None);
        device.HealthChecks = [];
        device.Server.Offer(SampleRelease.Create("1.2.0", sequence: 3));

        Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.RebootRequested>());
        Assert.That(device.Slots!.Opened, Is.Empty, "the slot to go back to is not written");
        await device.RunAsync();

        Assert.That(device.Boots.TakeLast(2).Select(static boot => (boot.Running, boot.Release.Version.ToString())), Is.EqualTo(new[] { (SlotName.A, "1.0.0"), (SlotName.B, "1.2.0") }));
        Assert.That(device.Server.Reports.Single(static r => r.State == ReportState.RolledBack).Detail, Does.StartWith("1.2.0 was assigned before 1.1.0 was found healthy"));
        Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.2.0"));
    }

    [Test]
    [Proves("G-36")]
    public async Task A43_Going_back_for_another_release_waits_for_the_gate_of_the_reboot()
    {
        using SimulatedDevice device = await OnTrialAsync();
        device.Gates = [new ScriptedGate().ClosedBefore(GatePoint.Reboot)];
        UpdateAgent agent = device.PowerOn();
        await agent.ResumeAsync(CancellationToken.None);
        device.Server.Offer(SampleRelease.Create("1.2.0", sequence: 3));
        Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.Deferred>());
        Assert.That(device.Status.Step, Is.EqualTo(UpdateStep.Activated), "the trial goes on");
        Assert.That(device.Record.BootOrder[0], Is.EqualTo(SlotName.B));
    }

    [Test]
    public async Task Refused_assignment_leaves_an_undecided_trial_what_it_is()
    {
        using SimulatedDevice device = await OnTrialAsync();
        UpdateAgent agent = device.PowerOn();
        await agent.ResumeAsync(CancellationToken.None);
        Assignment trial = device.Server.Assignment!;
        device.Server.Assign("infusion-pump/9.9.9/manifest.suit");
        Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.Refused>());
        device.Server.Assignment = trial;
        device.HealthChecks = [];
        await device.RunAsync();
        Assert.That(device.Server.Reports.Single(static r => r.State == ReportState.Confirmed).Deployment, Is.EqualTo(trial.Deployment));
    }

    [Test]
    [Proves("G-35")]
    public async Task Policy_may_give_an_undecided_trial_up_after_some_time()
    {
        using SimulatedDevice device = await OnTrialAsync();
        device.HealthPolicy = new HealthPolicy { GiveUpUndecidedAfter = TimeSpan.FromHours(48) };
        UpdateAgent agent = device.PowerOn();
        await agent.ResumeAsync(CancellationToken.None);
        device.Server.Repository.Now += TimeSpan.FromHours(47);
        Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.OnTrial>());
        device.Server.Repository.Now += TimeSpan.FromHours(1);
        Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.RebootRequested>());
        await device.RunAsync();
        Assert.That(device.Boots[^1].Running, Is.EqualTo(SlotName.A));
        Assert.That(device.Status.LastFailure!.Reason, Is.EqualTo(RejectionReason.TrialUndecided));
    }

    [Test]
    [Proves("G-35")]
    public async Task Trial_that_is_healthy_at_last_is_confirmed_although_its_time_is_over()
    {
        using SimulatedDevice device = await OnTrialAsync();
        device.HealthPolicy = new HealthPolicy { GiveUpUndecidedAfter = TimeSpan.FromHours(48) };
        await device.PowerOn().ResumeAsync(CancellationToken.None);
        device.Server.Repository.Now += TimeSpan.FromDays(20);
        device.HealthChecks = [];
        await device.RunAsync();
        Assert.That(device.Record.B.Successful, Is.True);
    }

    [Test]
    public async Task P3_Power_cut_at_every_step_of_giving_a_trial_up_leaves_a_device_that_goes_back_or_on([Values] PowerCut flavour)
    {
        int cuts = await StepByStep.CutEverywhereAsync(flavour, SampleRelease.Create("1.0.0", sequence: 1), async device =>
        {
            int? cut = device.Power.CutAt - device.Power.Operations;
            device.Power.CutAt = null;
            device.HealthChecks = [new FixedCheck(new HealthVerdict.Inconclusive("no network"))];
            device.HealthPolicy = new HealthPolicy { GiveUpUndecidedAfter = TimeSpan.FromHours(1) };
            device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2, security: 2));
            await device.StartUpdateAsync();
            UpdateAgent agent = device.PowerOn();
            await agent.ResumeAsync(CancellationToken.None);
            device.Server.Repository.Now += TimeSpan.FromHours(2);
            device.Power.CutAt = device.Power.Operations + cut;
            try
            {
                await agent.CheckInAsync(CancellationToken.None);
            }
            catch (PowerCutException)
            {
                device.Power.Restore();
            }

            await device.RunAsync();
            await device.RunAsync();
            Assert.That(device.Boots[^1].Running, Is.EqualTo(SlotName.A));
            Assert.That(device.Floor.Value, Is.EqualTo(1));
            Assert.That(device.Server.Reports.Where(static r => r.State == ReportState.RolledBack).Select(static r => r.Ordinal).Distinct(), Has.Exactly(1).Items);
        });
        Assert.That(cuts, Is.GreaterThan(3));
    }

    /// <summary>A device whose release is activated, whose checks ask for the server, and whose network is away.</summary>
    private static async Task<SimulatedDevice> InOutageAsync()
    {
        SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        Assert.That(await device.StartUpdateAsync(), Is.InstanceOf<AgentOutcome.RebootRequested>());
        device.Server.IsOffline = true;
        device.HealthChecks = [new ServerHealthCheck(new HttpClient(device.Server, disposeHandler: false), new Uri("https://fleet.example/"), TimeProvider.System)];
        return device;
    }

    /// <summary>A device whose release is activated and stays undecided, while the server can be reached.</summary>
    private static async Task<SimulatedDevice> OnTrialAsync()
    {
        SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        Assert.That(await device.StartUpdateAsync(), Is.InstanceOf<AgentOutcome.RebootRequested>());
        device.HealthChecks = [new FixedCheck(new HealthVerdict.Inconclusive("the dosing unit is not there"))];
        return device;
    }

    private sealed class ThrowingCheck : IHealthCheck
    {
        public Task<HealthVerdict> CheckAsync(CancellationToken cancellation) => throw new InvalidOperationException("the sensor is gone");
    }

    private sealed class FixedCheck(HealthVerdict? verdict) : IHealthCheck
    {
        public Task<HealthVerdict> CheckAsync(CancellationToken cancellation) => Task.FromResult(verdict!);
    }
}
