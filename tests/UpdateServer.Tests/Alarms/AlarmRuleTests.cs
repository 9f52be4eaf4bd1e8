using System.Collections.Immutable;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Alarms;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Tests.Rollouts;
using Fota.UpdateServer.Tests.Storage;

namespace Fota.UpdateServer.Tests.Alarms;

/// <summary>The rules of docs/spec/alarms.md, without a store and without a clock.</summary>
[Proves("V-1")]
public sealed class AlarmRuleTests
{
    private static readonly DateTimeOffset s_noon = SampleFleet.Noon;
    private static readonly TimeSpan s_week = TimeSpan.FromDays(7);
    private static readonly Sha256Digest s_one = Sha256Digest.Of("one"u8), s_two = Sha256Digest.Of("two"u8);

    private static DeviceRecord Pump => SampleFleet.Record("pump-1") with { Floor = new SecurityVersion(3), ConfirmedDigest = s_one };

    [Test]
    public void The_first_report_begins_none() => Assert.That(AlarmRules.OfReport(null, Pump, []), Is.Empty);

    [Test]
    public void A_report_that_says_the_same_of_floor_and_release_begins_none() => Assert.That(AlarmRules.OfReport(Pump, Pump with { Ordinal = 9 }, []), Is.Empty);

    [Test]
    public void A_floor_that_went_down_is_one_until_it_is_where_it_was()
    {
        AlarmChange raised = AlarmRules.OfReport(Pump, Pump with { Floor = new SecurityVersion(2) }, []).Single();
        Assert.That((raised.Kind, raised.IsRaised, raised.Level, raised.Detail), Is.EqualTo((AlarmKind.FloorLowered, true, 3L, "its floor is 2, and was 3")));
        Assert.That(AlarmRules.OfReport(Pump, Pump with { Floor = new SecurityVersion(4) }, []), Is.Empty);
        Alarm open = Open(AlarmKind.FloorLowered) with { Level = 3 };
        Assert.That(Fleet([Pump with { Floor = new SecurityVersion(2) }], [open], s_noon.AddHours(1)), Is.Empty);
        Assert.That(Fleet([Pump], [open], s_noon.AddMinutes(59)), Is.Empty, "it lasts an hour");
        Assert.That(Fleet([Pump], [open], s_noon.AddHours(1)).Single() is { Kind: AlarmKind.FloorLowered, IsRaised: false, Detail: "its floor is 3" });
    }

    [Test]
    public void A_release_that_its_newest_grant_did_not_ask_it_for_is_one()
    {
        RolloutState rollout = RolloutOf("pump-1", Granted(MemberStatus.Granted));
        DeviceRecord assigned = Pump with { ConfirmedDigest = rollout.Plan.Release.ManifestDigest }, other = Pump with { ConfirmedDigest = s_two };
        AlarmChange raised = AlarmRules.OfReport(Pump, other, [rollout]).Single();
        Assert.That((raised.Kind, raised.IsRaised, raised.Before), Is.EqualTo((AlarmKind.UnassignedVersion, true, s_one.ToString())));
        Assert.That(AlarmRules.OfReport(Pump, assigned, [rollout]), Is.Empty);
        Assert.That(AlarmRules.OfReport(Pump, assigned, [RolloutOf("pump-2", Granted(MemberStatus.Granted))]), Has.Exactly(1).Items, "it asked another device");
        Assert.That(AlarmRules.OfReport(Pump, assigned, [RolloutOf("pump-1", Granted(MemberStatus.Waiting) with { GrantedAt = default })]), Has.Exactly(1).Items, "it was chosen, and asked for nothing yet");
        Assert.That(AlarmRules.OfReport(Pump with { ConfirmedDigest = null }, other, []), Is.Empty, "what it ran is not known");
    }

    [Test]
    public void A_release_of_a_rollout_that_let_a_device_go_before_it_was_asked_is_no_assignment()
    {
        RolloutState left = RolloutOf("pump-1", Granted(MemberStatus.Left) with { GrantedAt = default }), asked = RolloutOf("pump-1", Granted(MemberStatus.Left)), old = RolloutOf("pump-1", Granted(MemberStatus.Confirmed) with { GrantedAt = default });
        DeviceRecord runs = Pump with { ConfirmedDigest = left.Plan.Release.ManifestDigest };
        Assert.That(AlarmRules.OfReport(Pump, runs, [left]).Single().Kind, Is.EqualTo(AlarmKind.UnassignedVersion));
        Assert.That(AlarmRules.OfReport(Pump, runs, [asked]), Is.Empty, "it was asked, and let go then");
        Assert.That(AlarmRules.OfReport(Pump, runs, [old]), Is.Empty, "it is from before the moment was kept");
    }

    /// <summary>It went back from the newest release to one that an older rollout, which may have been aborted for good reason, asked it for.</summary>
    [TestCase(nameof(MemberStatus.Confirmed))]
    [TestCase(nameof(MemberStatus.Failed))]
    public void A04_A_release_of_an_older_rollout_is_no_assignment_any_more(string older)
    {
        RolloutState newest = RolloutOf("pump-1", Granted(MemberStatus.Confirmed) with { GrantedAt = s_noon.AddDays(1) }), old = RolloutOf("pump-1", Granted(Enum.Parse<MemberStatus>(older)), s_two);
        DeviceRecord before = Pump with { ConfirmedDigest = newest.Plan.Release.ManifestDigest };
        Assert.That(AlarmRules.OfReport(before, before with { ConfirmedDigest = s_two }, [old, newest]).Single().Kind, Is.EqualTo(AlarmKind.UnassignedVersion));
    }

    [Test]
    public void A_release_on_the_way_that_it_was_asked_for_is_none()
    {
        PlannedRelease way = new(ReleaseVersion.Parse("1.5.0"), RepositorySimulator.PathOf("1.5.0"), s_two, new SecurityVersion(3));
        RolloutState asked = RolloutOf("pump-1", Granted(MemberStatus.Begun) with { Via = 0 }), passed = RolloutOf("pump-1", Granted(MemberStatus.Granted) with { Passed = 0 });
        foreach (RolloutState rollout in (RolloutState[])[asked, passed])
        {
            Assert.That(AlarmRules.OfReport(Pump, Pump with { ConfirmedDigest = s_two }, [rollout with { Plan = rollout.Plan with { PassThrough = [way] } }]), Is.Empty);
        }
    }

    /// <summary>What ran before a stick was put in ends the alarm, by whatever ways it comes back; what ran before an update does not.</summary>
    [Test]
    public void A_second_version_that_nobody_assigned_counts_anew_if_what_ran_between_them_was_assigned()
    {
        RolloutState rollout = RolloutOf("pump-1", Granted(MemberStatus.Confirmed));
        DeviceRecord assigned = Pump with { ConfirmedDigest = rollout.Plan.Release.ManifestDigest }, other = Pump with { ConfirmedDigest = s_two };
        Assert.That(AlarmRules.OfReport(assigned, Pump, [rollout]).Single() is { Kind: AlarmKind.UnassignedVersion, IsAnew: true });
        Assert.That(AlarmRules.OfReport(other, Pump, [rollout]).Single() is { Kind: AlarmKind.UnassignedVersion, IsAnew: false });
    }

    /// <summary>Nothing that the device says changes any more: what it runs becomes its assignment, or already was when the alarm began.</summary>
    [Test]
    public void A_version_that_nobody_assigned_is_one_until_it_runs_what_it_is_assigned_or_what_it_ran_before()
    {
        Alarm open = Open(AlarmKind.UnassignedVersion) with { Before = s_one.ToString() };
        RolloutState confirmed = RolloutOf("pump-1", Granted(MemberStatus.Confirmed), s_two), next = RolloutOf("pump-1", Granted(MemberStatus.Granted) with { GrantedAt = s_noon.AddDays(1) });
        DeviceRecord runsTwo = Pump with { ConfirmedDigest = s_two };
        Assert.That(Fleet([runsTwo], [open], s_noon.AddHours(1)), Is.Empty);
        Assert.That(Fleet([Pump], [open], s_noon.AddHours(1)).Single().IsRaised, Is.False, "it went back");
        Assert.That(Fleet([runsTwo], [open], s_noon.AddHours(1), rollouts: [confirmed]).Single().IsRaised, Is.False);
        Assert.That(Fleet([runsTwo], [open], s_noon.AddHours(1), rollouts: [confirmed, next]).Single().IsRaised, Is.False, "and it has been asked for the next one since");
    }

    [TestCase(nameof(AlarmKind.MetadataStale))]
    [TestCase(nameof(AlarmKind.MetadataRefused))]
    [TestCase(nameof(AlarmKind.FloorLowered))]
    [TestCase(nameof(AlarmKind.UnassignedVersion))]
    public void Of_a_device_that_is_shut_out_nothing_is_an_alarm_any_more(string kind) =>
        Assert.That(Fleet([], [Open(Enum.Parse<AlarmKind>(kind)) with { Level = 9 }], s_noon.AddHours(1)).Single() is { IsRaised: false, Detail: "it was shut out" });

    [Test]
    public void A_device_that_is_silent_for_longer_than_it_may_is_one_until_it_is_heard_of()
    {
        Assert.That(Fleet([Pump], [], s_noon + s_week), Is.Empty, "not longer");
        AlarmChange raised = Fleet([Pump], [], s_noon + s_week + TimeSpan.FromSeconds(1)).Single();
        Assert.That((raised.Kind, raised.IsRaised, raised.Subject), Is.EqualTo((AlarmKind.MetadataStale, true, "pump-1")));
        Assert.That(Fleet([Pump], [Open(AlarmKind.MetadataStale)], s_noon + s_week + s_week), Is.Empty, "it is one already");
        Assert.That(Fleet([Pump with { LastSeen = s_noon + s_week }], [Open(AlarmKind.MetadataStale)], s_noon + s_week).Single().IsRaised, Is.False);
        Assert.That(AlarmRules.OfFleet(FleetOf([Pump], [new Watch(s_noon, s_noon.AddYears(9))]) with { StaleAfter = TimeSpan.Zero }, [], s_noon.AddYears(9)), Is.Empty, "nobody wants to know");
    }

    [Test]
    [Proves("V-6")]
    public void A49_Time_in_which_no_server_was_there_is_nobody_s_silence()
    {
        DateTimeOffset back = s_noon.AddDays(30), later = back.AddDays(6);
        Watch[] watches = [new(s_noon.AddDays(-9), s_noon.AddDays(1)), new(s_noon.AddHours(20), s_noon.AddDays(1)), new(back, back)];
        Assert.That(Fleet([Pump], [], back, watches), Is.Empty);
        Assert.That(Fleet([Pump], [], later, [.. watches[..2], new(back, later)]), Is.Empty, "seven days are watched, with the one of before");
        Assert.That(Fleet([Pump], [], later.AddMinutes(1), [.. watches[..2], new(back, later.AddMinutes(1))]).Single().Kind, Is.EqualTo(AlarmKind.MetadataStale), "and a minute more");
        Assert.That(Fleet([Pump], [Open(AlarmKind.MetadataStale)], back, watches), Is.Empty, "what began before goes on until it is heard of");
    }

    [Test]
    [Proves("V-6")]
    public void A_watch_goes_on_from_one_minute_to_the_next_and_another_begins_after_a_gap()
    {
        Watch[] known = [new(s_noon, s_noon.AddMinutes(10))];
        Assert.That(Watch.Next([], s_noon), Is.EqualTo(new Watch(s_noon, s_noon)));
        Assert.That(Watch.Next(known, s_noon.AddMinutes(10.5)), Is.Null, "another server has just said so");
        Assert.That(Watch.Next(known, s_noon.AddMinutes(15)), Is.EqualTo(new Watch(s_noon, s_noon.AddMinutes(15))));
        Assert.That(Watch.Next(known, s_noon.AddMinutes(16)), Is.EqualTo(new Watch(s_noon.AddMinutes(16), s_noon.AddMinutes(16))));
    }

    [Test]
    public void A_device_whose_metadata_has_expired_is_one_although_it_comes()
    {
        DeviceRecord expired = Pump with { State = ReportState.Failed, Reason = RejectionReason.MetadataExpired };
        Assert.That(Fleet([expired], [], s_noon).Single().Detail, Is.EqualTo("it says that its metadata has expired"));
    }

    [TestCase(RejectionReason.ForeignLog)]
    [TestCase(RejectionReason.LogSplitView)]
    [TestCase(RejectionReason.LogTruncated)]
    [TestCase(RejectionReason.MetadataRollback)]
    public void A51_A_device_that_refuses_metadata_while_nothing_is_asked_of_it_is_one_until_it_says_so_no_more(RejectionReason reason)
    {
        DeviceRecord refuses = Pump with { State = ReportState.Idle, Reason = reason, Detail = "in its own words" };
        AlarmChange raised = Fleet([refuses], [], s_noon).Single();
        Assert.That((raised.Kind, raised.IsRaised, raised.Subject, raised.Detail), Is.EqualTo((AlarmKind.MetadataRefused, true, "pump-1", $"it refuses the metadata that it is offered: {reason}")));
        Alarm open = Open(AlarmKind.MetadataRefused);
        Assert.That(Fleet([refuses], [open], s_noon.AddHours(2)), Is.Empty, "it goes on");
        Assert.That(Fleet([refuses with { State = ReportState.Failed }], [open], s_noon.AddHours(2)), Is.Empty, "an update that fails by it ends nothing");
        Assert.That(Fleet([Pump], [open], s_noon.AddHours(1)).Single() is { Kind: AlarmKind.MetadataRefused, IsRaised: false, Detail: "it says so no more" });
        Assert.That(Fleet([refuses with { State = ReportState.Failed }], [], s_noon), Is.Empty, "of an update it is a failure");
    }

    [Test]
    public void A_certificate_that_was_used_twice_is_one_until_a_day_after_it_was_seen_last()
    {
        Alarm open = Open(AlarmKind.CertificateTwice) with { Seen = s_noon.AddHours(5) };
        Assert.That(AlarmRules.OfConflict(Pump, s_noon) is { Kind: AlarmKind.CertificateTwice, IsRaised: true });
        Assert.That(Fleet([Pump], [open], s_noon.AddHours(29)), Is.Empty);
        Assert.That(Fleet([Pump], [open], s_noon.AddHours(29).AddSeconds(1)).Single() is { Kind: AlarmKind.CertificateTwice, IsRaised: false });
    }

    [Test]
    public void Whether_refusals_are_a_burst_is_a_function_of_their_number_and_of_whether_they_were_one()
    {
        RefusalWindow window = new(10);
        for (int i = 0; i < 9; i++)
        {
            window.Add(s_noon.AddMinutes(i * 0.5));
        }

        Assert.That(window.Burst(s_noon.AddMinutes(4), isBurst: false), Is.Null);
        window.Add(s_noon.AddMinutes(4));
        Assert.That((window.Burst(s_noon.AddMinutes(4), isBurst: false), window.Burst(s_noon.AddMinutes(4), isBurst: false)), Is.EqualTo((10, 10)));
        Assert.That((window.Burst(s_noon.AddMinutes(6), isBurst: true), window.Burst(s_noon.AddMinutes(6), isBurst: false)), Is.EqualTo(((int?)6, (int?)null)), "more than half");
        Assert.That(window.Burst(s_noon.AddMinutes(7), isBurst: true), Is.Null);
        Assert.That(window.Burst(s_noon.AddMinutes(99), isBurst: true), Is.Null);
    }

    [Test]
    public void No_number_of_refusals_is_a_burst_where_nobody_wants_to_know()
    {
        RefusalWindow window = new(0);
        window.Add(s_noon);
        Assert.That(window.Burst(s_noon, isBurst: true), Is.Null);
    }

    private static AlarmChange[] Fleet(DeviceRecord[] devices, Alarm[] open, DateTimeOffset now, Watch[]? watches = null, RolloutState[]? rollouts = null) =>
        [.. AlarmRules.OfFleet(FleetOf(devices, watches ?? [new Watch(s_noon.AddYears(-1), now)]) with { Rollouts = rollouts ?? [] }, open, now)];

    private static AlarmFleet FleetOf(DeviceRecord[] devices, Watch[] watches) => new(devices.ToDictionary(static d => d.Device.ToString(), StringComparer.Ordinal), [], s_week, watches);

    private static Alarm Open(AlarmKind kind) => new(1, kind, "pump-1", "infusion-pump", s_noon, null, "") { Seen = s_noon };

    private static Member Granted(MemberStatus status) => new(DeviceId.Parse("pump-1"), 0, status) { GrantedAt = s_noon };

    private static RolloutState RolloutOf(string device, Member member, Sha256Digest? release = null)
    {
        RolloutPlan plan = EngineWorld.PlanOf(new StagePlan("all", null));
        Member of = member with { Device = DeviceId.Parse(device) };
        return RolloutState.Draft(plan with { ManifestDigest = release ?? plan.ManifestDigest }) with { Members = ImmutableDictionary<DeviceId, Member>.Empty.Add(of.Device, of) };
    }
}
