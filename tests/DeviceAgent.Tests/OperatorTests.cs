using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Health;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>What a person at the device may have it do: keep a trial that nobody can judge, and go back. Neither passes what the promises forbid.</summary>
public sealed class OperatorTests
{
    private static readonly HealthVerdict s_undecided = new HealthVerdict.Inconclusive("the dosing unit is not there");

    [Test]
    [Proves("G-61", "G-63")]
    public async Task Confirmed_release_is_left_for_the_one_before_and_is_not_installed_again()
    {
        using SimulatedDevice device = await UpdatedAsync();
        UpdateAgent agent = await ResumedAsync(device);
        Assert.That(await agent.RollbackAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.RebootRequested>());
        await device.PowerOn().ResumeAsync(CancellationToken.None);

        Assert.That(device.Boots[^1].Release.Version.ToString(), Is.EqualTo("1.0.0"));
        Assert.That(device.Boots[^1].Trial, Is.True, "the data may have moved on");
        Assert.That(device.Record.A.Successful, Is.True, "and is confirmed when it is healthy");
        await device.RunAsync();
        DeviceReport report = device.Server.Reports.Single(static r => r.State == ReportState.RolledBack);
        Assert.That((report.Reason, report.Detail), Is.EqualTo((RejectionReason.RolledBackByOperator, "release 1.1.0 in slot B: an operator had the device go back")));
        device.Server.Assign("infusion-pump/1.1.0/manifest.suit");
        Assert.That((await device.RunAsync() as AgentOutcome.Refused)?.Rejection.Reason, Is.EqualTo(RejectionReason.FailedBefore));

        device.Server.Offer(SampleRelease.Create("1.2.0", sequence: 3));
        await device.RunAsync();
        Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.2.0"), "what is newer is installed");
    }

    [Test]
    [Proves("G-61")]
    public async Task Second_rollback_returns_to_what_the_first_one_left()
    {
        using SimulatedDevice device = await UpdatedAsync();
        await (await ResumedAsync(device)).RollbackAsync(CancellationToken.None);
        await (await ResumedAsync(device)).RollbackAsync(CancellationToken.None);
        await ResumedAsync(device);
        Assert.That(device.Boots[^1].Release.Version.ToString(), Is.EqualTo("1.1.0"));
        device.Server.Assign("infusion-pump/1.1.0/manifest.suit");
        Assert.That(await device.RunAsync(), Is.InstanceOf<AgentOutcome.Idle>(), "it runs, so it is not held to have failed");
    }

    [Test]
    [Proves("G-62", "G-63")]
    public async Task Trial_is_given_up_and_reported_as_rolled_back_by_an_operator()
    {
        using SimulatedDevice device = await OnTrialAsync();
        UpdateAgent agent = device.PowerOn();
        Assert.That(await agent.ResumeAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.OnTrial>());
        Assert.That(await agent.RollbackAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.RebootRequested>());
        device.HealthChecks = [];
        await device.RunAsync();
        Assert.That(device.Boots[^1].Release.Version.ToString(), Is.EqualTo("1.0.0"));
        Assert.That(device.Server.Reports.Single(static r => r.State == ReportState.RolledBack).Reason, Is.EqualTo(RejectionReason.RolledBackByOperator));
        device.Server.Assign("infusion-pump/1.1.0/manifest.suit");
        Assert.That((await device.RunAsync() as AgentOutcome.Refused)?.Rejection.Reason, Is.EqualTo(RejectionReason.FailedBefore), "the same release is not tried again");
    }

    [Test]
    [Proves("G-61")]
    public async Task P4_Release_below_the_floor_is_not_gone_back_to()
    {
        using SimulatedDevice device = await UpdatedAsync(security: 2);
        UpdateAgent agent = await ResumedAsync(device);
        IReadOnlyDictionary<string, string> before = device.Picture();
        AgentOutcome outcome = await agent.RollbackAsync(CancellationToken.None);
        Assert.That((outcome as AgentOutcome.Refused)?.Rejection.ToString(), Is.EqualTo("NoFallback: slot A: wanted a confirmed release, got none"));
        Assert.That(device.Picture(), Is.EqualTo(before));
        Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.Idle>(), "it goes on as before");
    }

    [Test]
    [Proves("G-61")]
    public async Task P4_Slot_whose_envelope_lies_below_the_floor_is_not_gone_back_to_whatever_the_boot_record_says()
    {
        using SimulatedDevice device = await UpdatedAsync(security: 2);
        device.Records.Write(device.Record.With(SlotName.A, SlotBootState.Good(1)));
        AgentOutcome outcome = await (await ResumedAsync(device)).RollbackAsync(CancellationToken.None);
        Assert.That((outcome as AgentOutcome.Refused)?.Rejection.ToString(), Is.EqualTo("NoFallback: slot A: wanted a release of security version 2 (the floor) or more, got 1"));
    }

    [Test]
    [Proves("G-61")]
    public async Task Slot_whose_image_is_damaged_is_not_gone_back_to()
    {
        using SimulatedDevice device = await UpdatedAsync();
        await DamageAsync(device);
        BootRecord before = device.Record;
        AgentOutcome outcome = await (await ResumedAsync(device)).RollbackAsync(CancellationToken.None);
        Assert.That((outcome as AgentOutcome.Refused)?.Rejection.Detail, Does.StartWith("slot A: wanted image "));
        Assert.That(device.Record, Is.EqualTo(before));
    }

    [TestCase(true)]
    [TestCase(false)]
    [Proves("G-64")]
    public async Task P3_What_does_not_come_up_after_a_rollback_is_left_again(bool isRefused)
    {
        using SimulatedDevice device = await UpdatedAsync();
        await (await ResumedAsync(device)).RollbackAsync(CancellationToken.None);
        if (isRefused)
        {
            await DamageAsync(device);
        }
        else
        {
            device.HealthChecks = [new Scripted { Verdict = new HealthVerdict.Unhealthy("the data are of a newer release") }];
        }

        Assert.That(await device.RunAsync(), Is.InstanceOf<AgentOutcome.Idle>());
        Assert.That(device.Boots[^1].Release.Version.ToString(), Is.EqualTo("1.1.0"));
        Assert.That(device.Record.BootOrder, Is.EqualTo(new[] { SlotName.B }));
        Assert.That(device.Status.LastFailure!.Reason, Is.EqualTo(isRefused ? RejectionReason.NoFallback : RejectionReason.HealthCheckFailed));
        Assert.That(device.Status.Step, Is.Null);
    }

    [Test]
    [Proves("G-64")]
    public async Task Rollback_that_nobody_has_followed_by_a_restart_still_waits_for_one()
    {
        using SimulatedDevice device = await UpdatedAsync();
        await (await ResumedAsync(device)).RollbackAsync(CancellationToken.None);
        Assert.That(await device.StartAgent().ResumeAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.RebootRequested>());
        Assert.That(device.Status.LastFailure, Is.Null);
    }

    [Test]
    [Proves("G-64")]
    public async Task A39_Rollback_that_the_boot_record_does_not_take_is_refused_for_good_and_the_device_goes_on()
    {
        using SimulatedDevice device = await UpdatedAsync();
        StubbornRecords records = new(device.Records);
        device.Records = records;
        UpdateAgent agent = await ResumedAsync(device);
        records.TakesNothing = true;
        Assert.That((await agent.RollbackAsync(CancellationToken.None) as AgentOutcome.Refused)?.Rejection.Reason, Is.EqualTo(RejectionReason.StorageFailed));
        Assert.That(device.Status.Step, Is.Null);
        Assert.That(await (await ResumedAsync(device)).CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.Idle>(), "it is heard of");

        records.TakesNothing = false;
        await ResumedAsync(device);
        Assert.That(device.Boots[^1].Release.Version.ToString(), Is.EqualTo("1.1.0"), "who was told that it failed does not see it happen later");
    }

    [TestCase(true)]
    [TestCase(false)]
    [Proves("B-13", "G-64")]
    public async Task P3_Trial_whose_fallback_the_bootloader_refuses_does_not_have_the_device_restart_for_ever(bool isUnhealthy)
    {
        using SimulatedDevice device = await OnTrialAsync();
        Scripted check = new() { Verdict = isUnhealthy ? new HealthVerdict.Unhealthy("the pump does not turn") : s_undecided };
        device.HealthChecks = [check];
        if (!isUnhealthy)
        {
            UpdateAgent agent = device.PowerOn();
            await agent.ResumeAsync(CancellationToken.None);
            await agent.RollbackAsync(CancellationToken.None);
        }

        await DamageAsync(device); // between the look at it and the boot
        int boots = device.Boots.Count;
        AgentOutcome outcome;
        do
        {
            outcome = await device.PowerOn().ResumeAsync(CancellationToken.None);
        }
        while (outcome is AgentOutcome.RebootRequested && device.Boots.Count < boots + 12);

        Assert.That(outcome, isUnhealthy ? Is.InstanceOf<AgentOutcome.Idle>() : Is.InstanceOf<AgentOutcome.OnTrial>());
        Assert.That(device.Record.A, Is.EqualTo(SlotBootState.Unbootable), "so that no later start begins it anew");
        Assert.That(device.Record.B.Successful, Is.False);
        device.HealthChecks = [];
        device.Server.Offer(SampleRelease.Create("1.2.0", sequence: 3));
        await device.RunAsync();
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.2.0"), "it is heard of, and mended");
    }

    [Test]
    [Proves("G-50")]
    public async Task Power_cut_in_a_confirmation_on_the_last_boot_of_a_trial_does_not_undo_it()
    {
        using SimulatedDevice device = await OnTrialAsync();
        for (int boot = 0; boot < SlotBootState.TrialBoots - 1; boot++)
        {
            await device.PowerOn().ResumeAsync(CancellationToken.None);
        }

        UpdateAgent agent = device.PowerOn();
        await agent.ResumeAsync(CancellationToken.None);
        Assert.That(device.Record.B.Tries, Is.Zero, "the case at hand");
        for (int cut = 0; device.Status.Step != State.UpdateStep.Confirming; cut++)
        {
            agent = device.StartAgent();
            await agent.ResumeAsync(CancellationToken.None);
            device.Power.CutAt = device.Power.Operations + cut;
            await Assert.ThatAsync(() => agent.ConfirmUndecidedAsync(CancellationToken.None), Throws.InstanceOf<PowerCutException>());
            device.Power.Restore();
        }

        await device.RunAsync();
        Assert.That(device.Boots[^1].Running, Is.EqualTo(SlotName.B));
        Assert.That(device.Record.B.Successful, Is.True);
    }

    [Test]
    [Proves("G-52")]
    public async Task Floor_that_was_to_rise_later_does_not_rise_by_the_time_before_a_rollback()
    {
        using SimulatedDevice device = new() { HealthPolicy = new HealthPolicy { FloorDelay = TimeSpan.FromDays(14) } };
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2, security: 2));
        await device.RunAsync();
        device.Server.Assignment = null;
        await (await ResumedAsync(device)).RollbackAsync(CancellationToken.None);
        device.Server.Repository.Now += TimeSpan.FromDays(10);
        await (await ResumedAsync(device)).RollbackAsync(CancellationToken.None);
        await ResumedAsync(device);
        Assert.That(device.Boots[^1].Release.Version.ToString(), Is.EqualTo("1.1.0"), "the case at hand");
        device.Server.Repository.Now += TimeSpan.FromDays(5);
        await device.RunAsync();
        Assert.That(device.Floor.Value, Is.EqualTo(1), "it was kept for 5 days, not for 15");
        device.Server.Repository.Now += TimeSpan.FromDays(10);
        await device.RunAsync();
        Assert.That(device.Floor.Value, Is.EqualTo(2));
    }

    [Test]
    [Proves("G-64")]
    public async Task P3_Power_cut_at_every_step_of_a_rollback_leaves_a_device_that_went_back_or_did_not([Values] PowerCut flavour)
    {
        int cuts = await StepByStep.CutEverywhereAsync(flavour, SampleRelease.Create("1.0.0", sequence: 1), static async device =>
        {
            int? cut = device.Power.CutAt - device.Power.Operations;
            device.Power.CutAt = null;
            device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
            await device.RunAsync();
            device.Server.Assignment = null;
            device.Power.CutAt = device.Power.Operations + cut;
            try
            {
                await (await ResumedAsync(device)).RollbackAsync(CancellationToken.None);
                await ResumedAsync(device);
            }
            catch (PowerCutException)
            {
                device.Power.Restore();
            }

            Assert.That(await device.RunAsync(), Is.InstanceOf<AgentOutcome.Idle>());
            Assert.That(device.Record[device.Boots[^1].Running].Successful, Is.True);
            Assert.That(device.Status.Step, Is.Null);
            bool wentBack = device.Server.Reports.Any(static report => report.State == ReportState.RolledBack);
            Assert.That(device.Boots[^1].Release.Version.ToString(), Is.EqualTo(wentBack ? "1.0.0" : "1.1.0"));
        });
        Assert.That(cuts, Is.GreaterThan(3));
    }

    [Test]
    [Proves("G-60")]
    public async Task Undecided_trial_is_confirmed_on_the_word_of_an_operator_and_the_report_says_so()
    {
        using SimulatedDevice device = await OnTrialAsync();
        UpdateAgent agent = device.PowerOn();
        Assert.That(await agent.ResumeAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.OnTrial>());
        Assert.That(await agent.ConfirmUndecidedAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.Idle>());
        Assert.That(device.Record.B.Successful, Is.True);
        Assert.That(device.Floor.Value, Is.EqualTo(1));
        Assert.That(device.Server.Reports.Single(static r => r.State == ReportState.Confirmed).Detail, Is.EqualTo("confirmed by an operator, undecided: the dosing unit is not there"));
    }

    [Test]
    [Proves("G-50", "G-60")]
    public async Task Power_cut_in_a_confirmation_by_an_operator_does_not_lose_whose_word_it_was()
    {
        using SimulatedDevice device = await OnTrialAsync();
        UpdateAgent agent = device.PowerOn();
        await agent.ResumeAsync(CancellationToken.None);
        device.Power.CutAt = device.Power.Operations + 1; // the intent is written, the boot record is not
        await Assert.ThatAsync(() => agent.ConfirmUndecidedAsync(CancellationToken.None), Throws.InstanceOf<PowerCutException>());
        device.Power.Restore();
        Assert.That(device.Record.B.Successful, Is.False, "the case at hand");
        await device.RunAsync();
        Assert.That(device.Server.Reports.Single(static r => r.State == ReportState.Confirmed).Detail, Does.StartWith("confirmed by an operator, undecided: "));
    }

    [Test]
    [Proves("G-60")]
    public async Task Check_that_speaks_against_a_release_is_not_overruled()
    {
        using SimulatedDevice device = await OnTrialAsync();
        Scripted check = new() { Verdict = s_undecided };
        device.HealthChecks = [check];
        UpdateAgent agent = device.PowerOn();
        await agent.ResumeAsync(CancellationToken.None);
        check.Verdict = new HealthVerdict.Unhealthy("the pump does not turn");
        AgentOutcome outcome = await agent.ConfirmUndecidedAsync(CancellationToken.None);
        Assert.That((outcome as AgentOutcome.Refused)?.Rejection.ToString(), Is.EqualTo("HealthCheckFailed: release 1.1.0: the pump does not turn"));
        Assert.That(device.Record.B.Successful, Is.False);
        Assert.That(device.Status.Step, Is.EqualTo(State.UpdateStep.Activated), "nothing was changed");
    }

    [Test]
    public async Task Slot_that_was_never_confirmed_gets_no_second_trial()
    {
        using SimulatedDevice device = await OnTrialAsync();
        BootControl boot = new(device.Records, new BootFacts(SlotName.A, Trial: false, device.Status.Confirmed));
        Assert.That(() => boot.TryAgain(InactiveSlot.Of(boot)), Throws.InvalidOperationException.With.Message.StartsWith("slot B: wanted both slots confirmed"));
    }

    [Test]
    public async Task State_of_a_later_release_with_names_that_this_one_does_not_know_is_read_without_them()
    {
        using SimulatedDevice device = await UpdatedAsync();
        string state = System.Text.Encoding.UTF8.GetString(device.Store.Read("state/agent.json")!);
        device.Store.Replace("state/agent.json", System.Text.Encoding.UTF8.GetBytes(state.Replace("\"last_failure\": null", "\"last_failure\": {\"reason\":\"OfTomorrow\",\"detail\":\"x\"}", StringComparison.Ordinal)));
        Assert.That(System.Text.Encoding.UTF8.GetString(device.Store.Read("state/agent.json")!), Does.Contain("OfTomorrow"), "the case at hand");
        Assert.That(device.Status.LastFailure, Is.Null);
        Assert.That(await device.RunAsync(), Is.InstanceOf<AgentOutcome.Idle>());
    }

    private static async Task DamageAsync(SimulatedDevice device)
    {
        byte[] image = await File.ReadAllBytesAsync(device.Reader.PathOf(SlotName.A));
        image[100] ^= 1;
        await File.WriteAllBytesAsync(device.Reader.PathOf(SlotName.A), image);
    }

    private static async Task<UpdateAgent> ResumedAsync(SimulatedDevice device)
    {
        UpdateAgent agent = device.PowerOn();
        Assert.That(await agent.ResumeAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.Idle>());
        return agent;
    }

    private static async Task<SimulatedDevice> UpdatedAsync(uint security = 1)
    {
        SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2, security: security));
        await device.RunAsync();
        device.Server.Assignment = null;
        Assert.That(device.Record.B.Successful, Is.True, "the case at hand");
        return device;
    }

    private static async Task<SimulatedDevice> OnTrialAsync()
    {
        SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        Assert.That(await device.StartUpdateAsync(), Is.InstanceOf<AgentOutcome.RebootRequested>());
        device.HealthChecks = [new Scripted { Verdict = s_undecided }];
        return device;
    }

    private sealed class Scripted : IHealthCheck
    {
        public required HealthVerdict Verdict { get; set; }

        public Task<HealthVerdict> CheckAsync(CancellationToken cancellation) => Task.FromResult(Verdict);
    }
}
