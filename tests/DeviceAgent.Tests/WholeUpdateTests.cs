using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>The chain on one device, from an assignment to what the server learns of it.</summary>
public sealed class WholeUpdateTests
{
    private static readonly ReportState[] s_confirmed = [ReportState.Installing, ReportState.Activated, ReportState.Confirmed];
    private static readonly ReportState[] s_rolledBack = [ReportState.Installing, ReportState.Activated, ReportState.RolledBack];

    [Test]
    public async Task Assigned_release_is_installed_booted_on_trial_and_confirmed()
    {
        using SimulatedDevice device = new();
        SampleRelease release = SampleRelease.Create("1.1.0", sequence: 2, security: 2);
        device.Server.Offer(release);

        AgentOutcome outcome = await device.RunAsync();

        Assert.That(outcome, Is.InstanceOf<AgentOutcome.Idle>());
        Assert.That(device.Server.States, Is.EqualTo(s_confirmed));
        Assert.That(device.Boots.Select(static b => (b.Running, b.Trial)), Is.EqualTo(new[] { (SlotName.A, false), (SlotName.B, true) }));
        Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.1.0"));
        Assert.That(device.Floor.Value, Is.EqualTo(2));
        Assert.That(device.Record.B.Successful, Is.True);
        Assert.That(device.Record.A, Is.EqualTo(SlotBootState.Unbootable), "1.0.0 lies below the new floor");
    }

    [Test]
    public async Task Reports_say_what_runs_and_grow_in_order()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        await device.RunAsync();

        DeviceReport confirmed = device.Server.Reports.Single(static r => r.State == ReportState.Confirmed);
        Assert.That(confirmed.RunningVersion.ToString(), Is.EqualTo("1.1.0"));
        Assert.That(confirmed.Slot, Is.EqualTo((int)SlotName.B));
        Assert.That(confirmed.Reason, Is.EqualTo(RejectionReason.None));
        Assert.That(device.Server.Reports.Select(static r => r.Ordinal), Is.Ordered.And.Unique);
        Assert.That(device.Server.Reports.Select(static r => Convert.ToHexString(r.Nonce.Span)), Is.Unique);
    }

    [Test]
    public async Task Second_update_goes_back_to_slot_A()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        await device.RunAsync();
        device.Server.Offer(SampleRelease.Create("1.2.0", sequence: 3));
        await device.RunAsync();

        Assert.That(device.Status.Running.Running, Is.EqualTo(SlotName.A));
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.2.0"));
        Assert.That(device.Record.B.Successful, Is.True, "1.1.0 stays to go back to");
    }

    [Test]
    public async Task Unhealthy_release_goes_back_by_itself_and_says_why()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(Unhealthy("1.2.0", 2));
        await device.RunAsync();

        Assert.That(device.Server.States, Is.EqualTo(s_rolledBack));
        DeviceReport report = device.Server.Reports.Single(static r => r.State == ReportState.RolledBack);
        Assert.That(report.Reason, Is.EqualTo(RejectionReason.HealthCheckFailed));
        Assert.That(report.Detail, Does.Contain("occlusion sensor"));
        Assert.That(report.RunningVersion.ToString(), Is.EqualTo("1.0.0"));
        Assert.That(device.Boots.Count(static b => b.Trial), Is.EqualTo(SlotBootState.TrialBoots));
        Assert.That(device.Status.Running.Running, Is.EqualTo(SlotName.A));
    }

    [Test]
    public async Task A36_Floor_is_raised_only_after_confirm()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2, security: 7));
        Assert.That(await device.StartUpdateAsync(), Is.InstanceOf<AgentOutcome.RebootRequested>());
        Assert.That(device.Floor.Value, Is.EqualTo(1), "activated");

        UpdateAgent agent = device.PowerOn();
        Assert.That(device.Boots[^1].Trial, Is.True);
        Assert.That(device.Floor.Value, Is.EqualTo(1), "booted on trial");

        await agent.ResumeAsync(CancellationToken.None);
        Assert.That(device.Floor.Value, Is.EqualTo(7), "confirmed");
    }

    [Test]
    public async Task A36_Unhealthy_release_leaves_the_floor_where_it_was()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(Unhealthy("1.2.0", 2, security: 7));
        await device.RunAsync();
        Assert.That(device.Floor.Value, Is.EqualTo(1));
        Assert.That(device.Record.A.Successful, Is.True);
    }

    [Test]
    public async Task A41_Failed_release_is_not_tried_again_also_after_restart()
    {
        using SimulatedDevice device = new();
        SampleRelease bad = Unhealthy("1.2.0", 2);
        device.Server.Offer(bad);
        await device.RunAsync();
        IReadOnlyDictionary<string, string> before = device.Picture();

        device.Server.Assign(bad.TargetPath);
        AgentOutcome outcome = await device.RunAsync();

        Assert.That(outcome, Is.InstanceOf<AgentOutcome.Refused>());
        Assert.That(((AgentOutcome.Refused)outcome).Rejection.Reason, Is.EqualTo(RejectionReason.FailedBefore));
        Assert.That(device.Server.Reports[^1].Reason, Is.EqualTo(RejectionReason.FailedBefore));
        Assert.That(device.Picture(), Is.EqualTo(before));
    }

    [Test]
    public async Task A41_Reissue_of_a_failed_image_under_a_new_manifest_may_be_tried()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(Unhealthy("1.2.0", 2));
        await device.RunAsync();
        device.Server.Offer(SampleRelease.Create("1.2.1", sequence: 3));
        await device.RunAsync();
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.2.1"));
    }

    [Test]
    public async Task A42_Failed_slot_is_not_taken_as_installed_because_its_envelope_was_stored()
    {
        using SimulatedDevice device = new();
        SampleRelease bad = Unhealthy("1.2.0", 2);
        device.Server.Offer(bad);
        await device.RunAsync();
        Assert.That(device.Reader.ReadEnvelope(SlotName.B), Is.Not.Null, "the case at hand: the failed release still lies there");

        device.Server.Assign(bad.TargetPath);
        await device.RunAsync();

        Assert.That(device.Server.Reports.Any(static r => r.State == ReportState.Confirmed), Is.False);
        Assert.That(device.Server.Reports[^1].RunningVersion.ToString(), Is.EqualTo("1.0.0"));
    }

    [Test]
    public async Task Release_that_runs_already_is_reported_as_confirmed_and_not_written_again()
    {
        using SimulatedDevice device = new();
        SampleRelease release = SampleRelease.Create("1.1.0", sequence: 2);
        device.Server.Offer(release);
        await device.RunAsync();
        IReadOnlyDictionary<string, string> before = device.Picture();

        device.Server.Assign(release.TargetPath);
        await device.RunAsync();

        Assert.That(device.Server.Reports[^1].State, Is.EqualTo(ReportState.Confirmed));
        Assert.That(device.Picture(), Is.EqualTo(before));
    }

    [Test]
    public async Task Confirmation_waits_for_the_server_and_keeps_its_nonce()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        await device.StartUpdateAsync();
        device.Server.LosesAnswers = true;
        Assert.That(await device.RunAsync(), Is.InstanceOf<AgentOutcome.Unavailable>());
        device.Server.LosesAnswers = false;
        await device.RunAsync();

        DeviceReport[] confirmed = [.. device.Server.Reports.Where(static r => r.State == ReportState.Confirmed)];
        Assert.That(confirmed, Has.Length.GreaterThan(1), "the case at hand: the report was repeated");
        Assert.That(confirmed.Select(static r => (r.Ordinal, Convert.ToHexString(r.Nonce.Span))).Distinct().Count(), Is.EqualTo(1));
        Assert.That(device.Status.QueuedReports, Is.Zero);
    }

    [Test]
    public async Task Broken_transfer_goes_on_where_it_broke()
    {
        using SimulatedDevice device = new();
        SampleRelease release = SampleRelease.Create("1.1.0", sequence: 2);
        device.Server.Offer(release);
        device.Server.BreaksAfter = release.Pack.Length / 2;
        await device.RunAsync();
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.1.0"));
        Assert.That(device.Server.States.Count(static s => s == ReportState.Installing), Is.EqualTo(1));
    }

    [Test]
    public async Task Update_that_broke_off_begins_again_with_the_next_check_in_and_is_one_installation_to_the_server()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        device.Server.DiesAfter = 200;
        UpdateAgent agent = device.PowerOn();
        await agent.ResumeAsync(CancellationToken.None);
        Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.Unavailable>());
        Assert.That(device.Record.B, Is.EqualTo(SlotBootState.Unbootable));
        device.Server.DiesAfter = null;
        Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.RebootRequested>());
        Assert.That(device.Server.States, Is.EqualTo(new[] { ReportState.Installing, ReportState.Activated }));
    }

    [Test]
    public async Task Update_that_broke_off_and_is_not_wanted_any_more_is_forgotten()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        device.Server.DiesAfter = 200;
        await device.RunAsync();
        device.Server.Assignment = null;
        await device.RunAsync();
        Assert.That(device.Status.Step, Is.Null);
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.0.0"));
    }

    [Test]
    public async Task Server_without_ranges_will_do()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        device.Server.IgnoresRanges = true;
        await device.RunAsync();
        Assert.That(device.Status.Running.Release.Version.ToString(), Is.EqualTo("1.1.0"));
    }

    [Test]
    public async Task Server_that_is_away_changes_nothing()
    {
        using SimulatedDevice device = new();
        IReadOnlyDictionary<string, string> before = device.Picture();
        device.Server.IsOffline = true;
        Assert.That(await device.RunAsync(), Is.InstanceOf<AgentOutcome.Unavailable>());
        Assert.That(device.Picture(), Is.EqualTo(before));
    }

    [Test]
    public async Task Agent_that_was_killed_after_activation_asks_for_the_reboot_again()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        await device.StartUpdateAsync();
        Assert.That(await device.StartAgent().ResumeAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.RebootRequested>());
    }

    [Test]
    public async Task P9_Check_in_before_the_trial_is_judged_is_refused()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(Unhealthy("1.2.0", 2));
        await device.StartUpdateAsync();
        UpdateAgent agent = device.PowerOn();
        Assert.That(() => agent.CheckInAsync(CancellationToken.None), Throws.InvalidOperationException);
        Assert.That(await agent.ResumeAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.RebootRequested>());
        Assert.That(() => agent.CheckInAsync(CancellationToken.None), Throws.InvalidOperationException);
        Assert.That(device.Server.States, Has.None.EqualTo(ReportState.Confirmed));
    }

    [Test]
    public async Task P9_Check_in_after_a_reboot_was_requested_is_refused()
    {
        using SimulatedDevice device = new();
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        UpdateAgent agent = device.PowerOn();
        await agent.ResumeAsync(CancellationToken.None);
        Assert.That(await agent.CheckInAsync(CancellationToken.None), Is.InstanceOf<AgentOutcome.RebootRequested>());
        Assert.That(() => agent.CheckInAsync(CancellationToken.None), Throws.InvalidOperationException);
    }

    [Test]
    public async Task P9_Release_that_runs_unconfirmed_is_not_reported_as_confirmed()
    {
        using SimulatedDevice device = new();
        SampleRelease release = SampleRelease.Create("1.1.0", sequence: 2);
        device.Server.Offer(release);
        await device.RunAsync();
        UpdateAgent agent = device.PowerOn();
        await agent.ResumeAsync(CancellationToken.None);
        new BootRecordStore(device.Store).Write(device.Record.With(SlotName.B, SlotBootState.Trial(15)));
        device.Server.Assign(release.TargetPath);
        AgentOutcome outcome = await agent.CheckInAsync(CancellationToken.None);
        Assert.That((outcome as AgentOutcome.Refused)?.Rejection.Reason, Is.EqualTo(RejectionReason.HealthCheckFailed));
        Assert.That(device.Server.Reports[^1].State, Is.EqualTo(ReportState.Failed));
    }

    internal static SampleRelease Unhealthy(string version, ulong sequence, uint security = 1) =>
        SampleRelease.Create(version, sequence, security, SampleRelease.ImageOf(version, 10_000, "fail: occlusion sensor"));
}
