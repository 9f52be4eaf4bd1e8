using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Rollouts;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RolloutEngineTests
{
    private static readonly Sha256Digest s_release = Sha256Digest.Of("1.1.0"u8);
    private static readonly Sha256Digest s_before = Sha256Digest.Of("1.0.0"u8);
    private static readonly byte[] s_key = SHA256.HashData("rollout key"u8);

    private static readonly DateTimeOffset s_now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly string[] s_commands = ["start", "pause", "resume", "abort", "cancel"];

    private readonly List<FleetDevice> _fleet = [.. Enumerable.Range(1, 6).Select(static i => new FleetDevice(DeviceId.Parse($"pump-{i}"), s_before))];
    private long _ordinal;

    [Test]
    public void Stages_take_the_smallest_ranks_and_the_same_ones_again()
    {
        RolloutState first = Apply(Draft(2, null), new RolloutEvent.Started(s_now, "ann"));
        RolloutState second = Apply(Draft(2, null), new RolloutEvent.Started(s_now, "ann"));
        string[] wanted = [.. _fleet.Select(static d => d.Device.ToString()).OrderBy(static d => Convert.ToHexString(HMACSHA256.HashData(s_key, Encoding.UTF8.GetBytes(d))), StringComparer.Ordinal).Take(2).Order(StringComparer.Ordinal)];
        Assert.That(Devices(first), Is.EqualTo(wanted));
        Assert.That(Devices(second), Is.EqualTo(wanted));
    }

    [Test]
    public void Only_members_of_the_running_stage_are_granted()
    {
        RolloutState state = Apply(Draft(1, null), new RolloutEvent.Started(s_now, "ann"));
        DeviceId canary = state.Members.Keys.Single();
        foreach (FleetDevice device in _fleet)
        {
            state = Apply(state, new RolloutEvent.Asked(s_now, device));
        }

        Assert.That(state.Members.Values, Is.EqualTo(new[] { new Member(canary, 0, MemberStatus.Granted) { GrantedAt = s_now, HeardAt = s_now } }));
    }

    [Test]
    public void P9_A_stage_advances_when_its_members_have_confirmed()
    {
        RolloutState state = Granted(Apply(Draft(2, null), new RolloutEvent.Started(s_now, "ann")));
        DeviceId[] canaries = [.. state.Members.Keys];
        state = Report(state, canaries[0], ReportState.Confirmed);
        Assert.That(state.Stage, Is.Zero);
        state = Report(state, canaries[1], ReportState.Confirmed);
        Assert.That(state.Stage, Is.EqualTo(1));
        Assert.That(state.Members, Has.Count.EqualTo(6));
    }

    [TestCase(ReportState.Idle)]
    [TestCase(ReportState.Installing)]
    [TestCase(ReportState.Activated)]
    public void P9_Installed_but_unconfirmed_does_not_advance(ReportState said)
    {
        RolloutState state = Granted(Apply(Draft(1, null), new RolloutEvent.Started(s_now, "ann")));
        state = Report(state, state.Members.Keys.Single(), said);
        Assert.That((state.Stage, state.All.Both.Confirmed), Is.EqualTo((0, 0)));
    }

    [Test]
    public void P9_Confirming_another_manifest_is_a_failure()
    {
        RolloutState state = Granted(Apply(Draft(1, null), new RolloutEvent.Started(s_now, "ann")));
        state = Report(state, state.Members.Keys.Single(), ReportState.Confirmed, manifest: s_before);
        Assert.That(state.Status, Is.EqualTo(RolloutStatus.Aborted));
        Assert.That(state.Members.Values.Single().Status, Is.EqualTo(MemberStatus.Failed));
    }

    [Test]
    public void P9_Confirming_another_deployment_changes_nothing()
    {
        RolloutState state = Granted(Apply(Draft(1, null), new RolloutEvent.Started(s_now, "ann")));
        RolloutState after = Report(state, state.Members.Keys.Single(), ReportState.Confirmed, deployment: "r9-pump-1");
        Assert.That(after, Is.SameAs(state));
    }

    [Test]
    public void P9_Confirming_what_was_never_granted_changes_nothing()
    {
        RolloutState state = Apply(Draft(1, null), new RolloutEvent.Started(s_now, "ann"));
        RolloutState after = Report(state, state.Members.Keys.Single(), ReportState.Confirmed);
        Assert.That(after, Is.SameAs(state));
    }

    [TestCase(ReportState.Failed)]
    [TestCase(ReportState.RolledBack)]
    public void A_failed_canary_aborts_and_nobody_else_is_granted(ReportState said)
    {
        RolloutState state = Granted(Apply(Draft(1, null), new RolloutEvent.Started(s_now, "ann")));
        state = Report(state, state.Members.Keys.Single(), said);
        Assert.That(state.Status, Is.EqualTo(RolloutStatus.Aborted));
        Assert.That(state.Reason, Does.Contain("1 of 1"));
        foreach (FleetDevice device in _fleet)
        {
            Assert.That(Apply(state, new RolloutEvent.Asked(s_now, device)), Is.SameAs(state));
        }
    }

    [Test]
    public void Failures_count_over_all_stages()
    {
        RolloutState state = Granted(Apply(Draft(2, null, abortAfter: 2), new RolloutEvent.Started(s_now, "ann")));
        DeviceId[] canaries = [.. state.Members.Keys];
        state = Report(state, canaries[0], ReportState.Failed);
        state = Report(state, canaries[1], ReportState.Confirmed);
        Assert.That((state.Status, state.Stage), Is.EqualTo((RolloutStatus.Running, 1)));
        state = Granted(state);
        state = Report(state, state.Members.Values.First(static m => m.Stage == 1).Device, ReportState.RolledBack);
        Assert.That(state.Status, Is.EqualTo(RolloutStatus.Aborted));
    }

    [Test]
    public void Abort_is_decided_before_success()
    {
        // The second report both ends the stage, with one confirmation in it, and reaches the threshold.
        RolloutState state = Granted(Apply(Draft(2, null), new RolloutEvent.Started(s_now, "ann")));
        DeviceId[] canaries = [.. state.Members.Keys];
        state = Report(state, canaries[0], ReportState.Confirmed);
        state = Report(state, canaries[1], ReportState.Failed);
        Assert.That((state.Status, state.Stage), Is.EqualTo((RolloutStatus.Aborted, 0)));
    }

    [Test]
    public void All_terminal_is_not_success()
    {
        RolloutState state = Granted(Apply(Draft(1, null, abortAfter: 2), new RolloutEvent.Started(s_now, "ann")));
        state = Report(state, state.Members.Keys.Single(), ReportState.Failed);
        Assert.That((state.Status, state.Stage), Is.EqualTo((RolloutStatus.Running, 0)));
    }

    [Test]
    public void A_device_that_failed_is_not_granted_again()
    {
        RolloutState state = Granted(Apply(Draft(2, null, abortAfter: 3), new RolloutEvent.Started(s_now, "ann")));
        DeviceId failed = state.Members.Keys.First();
        state = Report(state, failed, ReportState.Failed);
        RolloutState after = Apply(state, new RolloutEvent.Asked(s_now, new FleetDevice(failed, s_before)));
        Assert.That(after, Is.SameAs(state));
        Assert.That(after.HoldsGrant(failed), Is.False);
    }

    [Test]
    public void Pause_stops_grants_and_advancing_and_resume_takes_both_up()
    {
        RolloutState state = Granted(Apply(Draft(1, null), new RolloutEvent.Started(s_now, "ann")));
        state = Apply(state, new RolloutEvent.Paused(s_now, "ann"));
        state = Report(state, state.Members.Keys.Single(), ReportState.Confirmed);
        Assert.That((state.Status, state.Stage), Is.EqualTo((RolloutStatus.Paused, 0)));
        state = Apply(state, new RolloutEvent.Resumed(s_now, "ann"));
        Assert.That((state.Status, state.Stage), Is.EqualTo((RolloutStatus.Running, 1)));
        RolloutState paused = Apply(state, new RolloutEvent.Paused(s_now, "ann"));
        Assert.That(Apply(paused, new RolloutEvent.Asked(s_now, _fleet[0])), Is.SameAs(paused));
    }

    [Test]
    public void A_failure_aborts_a_paused_rollout_too()
    {
        RolloutState state = Apply(Granted(Apply(Draft(1, null), new RolloutEvent.Started(s_now, "ann"))), new RolloutEvent.Paused(s_now, "ann"));
        state = Report(state, state.Members.Keys.Single(), ReportState.Failed);
        Assert.That(state.Status, Is.EqualTo(RolloutStatus.Aborted));
    }

    [Test]
    public void Abort_takes_back_what_was_not_begun_and_leaves_what_was()
    {
        RolloutState state = Granted(Apply(Draft(2, null), new RolloutEvent.Started(s_now, "ann")));
        DeviceId[] canaries = [.. state.Members.Keys];
        state = Report(state, canaries[0], ReportState.Installing);
        state = Apply(state, new RolloutEvent.Aborted(s_now, "ann", "enough"));
        Assert.That(state.HoldsGrant(canaries[0]), Is.True);
        Assert.That(state.HoldsGrant(canaries[1]), Is.False);
        state = Report(state, canaries[1], ReportState.Installing);
        Assert.That(state.HoldsGrant(canaries[1]), Is.False);
        state = Report(state, canaries[0], ReportState.Confirmed);
        Assert.That((state.Status, state.All.Both.Confirmed), Is.EqualTo((RolloutStatus.Aborted, 1)));
    }

    [Test]
    public void The_rest_takes_newcomers_and_completes_with_them()
    {
        RolloutState state = ConfirmAll(Granted(Apply(Draft(1, null), new RolloutEvent.Started(s_now, "ann"))));
        _fleet.Add(new FleetDevice(DeviceId.Parse("pump-new"), s_before));
        state = Granted(state);
        Assert.That(state.HoldsGrant(DeviceId.Parse("pump-new")), Is.True);
        state = ConfirmAll(state);
        Assert.That((state.Status, state.All.Both.Confirmed), Is.EqualTo((RolloutStatus.Completed, 7)));
    }

    [Test]
    public void A_stage_with_a_count_takes_no_newcomers()
    {
        RolloutState state = Apply(Draft(1, null), new RolloutEvent.Started(s_now, "ann"));
        Assert.That(Apply(state, new RolloutEvent.Asked(s_now, new FleetDevice(DeviceId.Parse("pump-new"), s_before))), Is.SameAs(state));
    }

    [Test]
    public void Devices_on_the_release_already_are_left_alone()
    {
        _fleet[0] = _fleet[0] with { ConfirmedDigest = s_release };
        RolloutState state = Apply(Draft(null), new RolloutEvent.Started(s_now, "ann"));
        state = Apply(state, new RolloutEvent.Asked(s_now, _fleet[0]));
        Assert.That(state.Members.Keys, Has.None.EqualTo(_fleet[0].Device));
        Assert.That(state.Members, Has.Count.EqualTo(5));
    }

    [Test]
    public void With_nobody_left_after_the_canary_it_completes()
    {
        _fleet.RemoveRange(1, 5);
        RolloutState state = ConfirmAll(Granted(Apply(Draft(1, null), new RolloutEvent.Started(s_now, "ann"))));
        Assert.That(state.Status, Is.EqualTo(RolloutStatus.Completed));
    }

    [Test]
    public void Starting_with_nobody_is_refused()
    {
        _fleet.Clear();
        RolloutState draft = Draft(1, null);
        RolloutStep step = RolloutEngine.Apply(draft, new RolloutEvent.Started(s_now, "ann"), Fleet);
        Assert.That(step.Refused, Does.StartWith("start: wanted at least one device"));
        Assert.That(step.State, Is.SameAs(draft));
    }

    [TestCaseSource(nameof(IllegalTransitions))]
    public void Illegal_transitions_are_refused_and_change_nothing(string from, string command)
    {
        RolloutState state = Draft(1, null) with { Status = Enum.Parse<RolloutStatus>(from), Stage = 0 };
        RolloutEvent happened = command switch
        {
            "start" => new RolloutEvent.Started(s_now, "ann"),
            "pause" => new RolloutEvent.Paused(s_now, "ann"),
            "resume" => new RolloutEvent.Resumed(s_now, "ann"),
            "abort" => new RolloutEvent.Aborted(s_now, "ann", "test"),
            _ => new RolloutEvent.Cancelled(s_now, "ann"),
        };
        RolloutStep step = RolloutEngine.Apply(state, happened, Fleet);
        Assert.That(step.Refused, Does.StartWith($"{command}: wanted a rollout"));
        Assert.That(step.State, Is.SameAs(state));
    }

    [Test]
    public void A46_A_terminal_report_is_final()
    {
        RolloutState state = Granted(Apply(Draft(1, null, abortAfter: 5), new RolloutEvent.Started(s_now, "ann")));
        DeviceId device = state.Members.Keys.Single();
        state = Report(state, device, ReportState.Failed);
        Assert.That(Report(state, device, ReportState.Confirmed), Is.SameAs(state));
        Assert.That(Report(state, device, ReportState.Installing), Is.SameAs(state));
    }

    [TestCase(null)]
    [TestCase(ReportState.Installing)]
    public void A43_A_deferral_is_neither_success_nor_failure_and_keeps_the_grant(ReportState? before)
    {
        RolloutState state = Granted(Apply(Draft(1, null), new RolloutEvent.Started(s_now, "ann")));
        DeviceId device = state.Members.Keys.Single();
        state = before is { } said ? Report(state, device, said) : state;
        MemberStatus status = state.Members[device].Status;
        state = Report(state, device, ReportState.Deferred);
        Assert.That((state.Status, state.Stage, state.Members[device].Status, state.HoldsGrant(device)), Is.EqualTo((RolloutStatus.Running, 0, status, true)));
        Assert.That(state.Members[device].Deferral, Is.Not.Null);
        _ordinal--;
        Assert.That(Report(state, device, ReportState.Deferred), Is.SameAs(state));
        RolloutState again = Report(state, device, ReportState.Deferred);
        Assert.That(again.Members[device], Is.EqualTo(state.Members[device] with { Ordinal = _ordinal }), "said in another report: nothing else changes");

        state = Report(state, device, ReportState.Activated);
        Assert.That((state.Members[device].Deferral, state.Members[device].Status), Is.EqualTo(((string?)null, MemberStatus.Begun)));
        Assert.That(Report(state, device, ReportState.Confirmed).Stage, Is.EqualTo(1));
    }

    [Test]
    public void A43_A_deferral_after_the_grant_was_taken_back_changes_nothing()
    {
        RolloutState state = Granted(Apply(Draft(1, null), new RolloutEvent.Started(s_now, "ann")));
        state = Report(state, state.Members.Keys.Single(), ReportState.Deferred);
        state = Apply(state, new RolloutEvent.Aborted(s_now, "ann", "enough"));
        Assert.That(state.Members.Values.Single(), Is.EqualTo(new Member(state.Members.Keys.Single(), 0, MemberStatus.Withdrawn) { GrantedAt = s_now, HeardAt = s_now, Ordinal = _ordinal }));
        Assert.That(Report(state, state.Members.Keys.Single(), ReportState.Deferred), Is.SameAs(state));
    }

    private ListFleet Fleet => new(_fleet);

    private static IEnumerable<string[]> IllegalTransitions()
    {
        Dictionary<string, string[]> legal = new(StringComparer.Ordinal)
        {
            ["Draft"] = ["start", "abort", "cancel"],
            ["Running"] = ["pause", "abort", "cancel"],
            ["Paused"] = ["resume", "abort", "cancel"],
            ["Completed"] = [],
            ["Aborted"] = [],
            ["Cancelled"] = [],
        };
        return legal.SelectMany(static l => s_commands.Except(l.Value, StringComparer.Ordinal).Select(c => new[] { l.Key, c }));
    }

    private static string[] Devices(RolloutState state) => [.. state.Members.Keys.Select(static d => d.ToString()).Order(StringComparer.Ordinal)];

    private static RolloutState Draft(int? first, int? second, int abortAfter = 1) => Draft([new StagePlan("canary", first), new StagePlan("rest", second)], abortAfter);

    private static RolloutState Draft(int? only) => Draft([new StagePlan("all", only)], 1);

    private static RolloutState Draft(ImmutableArray<StagePlan> stages, int abortAfter) => RolloutState.Draft(new RolloutPlan
    {
        Id = "r1",
        Product = ProductName.Parse(RepositorySimulator.ProductName),
        Version = ReleaseVersion.Parse("1.1.0"),
        TargetPath = RepositorySimulator.PathOf("1.1.0"),
        ManifestDigest = s_release,
        SecurityVersion = new SecurityVersion(1),
        Stages = stages,
        AbortAfterFailures = abortAfter,
        Key = s_key,
    });

    private RolloutState Apply(RolloutState state, RolloutEvent happened)
    {
        RolloutStep step = RolloutEngine.Apply(state, happened, Fleet);
        Assert.That(step.Refused, Is.Null);
        return step.State;
    }

    private RolloutState Granted(RolloutState state) => _fleet.Aggregate(state, (s, device) => Apply(s, new RolloutEvent.Asked(s_now, device)));

    private RolloutState ConfirmAll(RolloutState state) => state.Members.Values.Where(static m => m.HoldsGrant).Aggregate(state, (s, m) => Report(s, m.Device, ReportState.Confirmed));

    private RolloutState Report(RolloutState state, DeviceId device, ReportState said, Sha256Digest? manifest = null, string? deployment = null)
    {
        DeviceReport report = SampleReports.Of(device.ToString(), said, deployment ?? state.Plan.DeploymentOf(device), manifest ?? s_release, ++_ordinal);
        state = Apply(state, new RolloutEvent.Reported(s_now, device, report.Verified()));
        return Apply(state, new RolloutEvent.Evaluated(s_now)); // as the server does after every report
    }
}
