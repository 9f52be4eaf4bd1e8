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

    private static DeviceRecord Pump => SampleFleet.Record("pump-1") with { Floor = new SecurityVersion(3), ConfirmedDigest = Sha256Digest.Of("one"u8) };

    [Test]
    public void The_first_report_begins_none() => Assert.That(AlarmRules.OfReport(null, Pump, []), Is.Empty);

    [Test]
    public void A_report_that_says_the_same_of_floor_and_release_begins_none() => Assert.That(AlarmRules.OfReport(Pump, Pump with { Ordinal = 9 }, []), Is.Empty);

    [Test]
    public void A_floor_that_went_down_is_one_until_it_is_where_it_was()
    {
        AlarmChange raised = AlarmRules.OfReport(Pump, Pump with { Floor = new SecurityVersion(2) }, []).Single(), cleared = AlarmRules.OfReport(Pump, Pump with { Floor = new SecurityVersion(4) }, []).Single();
        Assert.That((raised.Kind, raised.IsRaised, raised.Level, raised.Detail), Is.EqualTo((AlarmKind.FloorLowered, true, 3L, "its floor is 2, and was 3")));
        Assert.That((cleared.Kind, cleared.IsRaised, cleared.Level), Is.EqualTo((AlarmKind.FloorLowered, false, 4L)));
    }

    [Test]
    public void A_release_that_no_rollout_asked_it_for_is_one_and_one_that_a_rollout_asked_it_for_is_none()
    {
        RolloutState rollout = EngineWorldWith("pump-1");
        DeviceRecord assigned = Pump with { ConfirmedDigest = rollout.Plan.Release.ManifestDigest }, other = Pump with { ConfirmedDigest = Sha256Digest.Of("two"u8) };
        Assert.That(AlarmRules.OfReport(Pump, other, [rollout]).Single() is { Kind: AlarmKind.UnassignedVersion, IsRaised: true });
        Assert.That(AlarmRules.OfReport(Pump, assigned, [rollout]).Single() is { Kind: AlarmKind.UnassignedVersion, IsRaised: false });
        Assert.That(AlarmRules.OfReport(Pump, assigned, [EngineWorldWith("pump-2")]).Single().IsRaised, "it asked another device");
        Assert.That(AlarmRules.OfReport(Pump with { ConfirmedDigest = null }, other, []), Is.Empty, "what it ran is not known");
    }

    [Test]
    public void A_device_that_is_silent_for_longer_than_it_may_is_one_until_it_is_heard_of()
    {
        Assert.That(Fleet([Pump], [], s_noon + s_week), Is.Empty, "not longer");
        AlarmChange raised = Fleet([Pump], [], s_noon + s_week + TimeSpan.FromSeconds(1)).Single();
        Assert.That((raised.Kind, raised.IsRaised, raised.Subject), Is.EqualTo((AlarmKind.MetadataStale, true, "pump-1")));
        Assert.That(Fleet([Pump], [Open(AlarmKind.MetadataStale)], s_noon + s_week + s_week), Is.Empty, "it is one already");
        Assert.That(Fleet([Pump with { LastSeen = s_noon + s_week }], [Open(AlarmKind.MetadataStale)], s_noon + s_week).Single().IsRaised, Is.False);
        Assert.That(Fleet([], [Open(AlarmKind.MetadataStale)], s_noon).Single().Detail, Is.EqualTo("it was shut out"));
        Assert.That(AlarmRules.OfFleet([Pump], [], TimeSpan.Zero, static _ => null, s_noon.AddYears(9)), Is.Empty, "nobody wants to know");
    }

    [Test]
    public void A_device_whose_metadata_has_expired_is_one_although_it_comes()
    {
        DeviceRecord expired = Pump with { State = ReportState.Failed, Reason = RejectionReason.MetadataExpired };
        Assert.That(Fleet([expired], [], s_noon).Single().Detail, Is.EqualTo("it says that its metadata has expired"));
    }

    [Test]
    public void A_certificate_that_was_used_twice_is_one_until_a_day_after_it_was_seen_last()
    {
        DateTimeOffset seen = s_noon.AddHours(5), later = s_noon.AddHours(28);
        Assert.That(AlarmRules.OfConflict(Pump, seen) is { Kind: AlarmKind.CertificateTwice, IsRaised: true });
        Assert.That(AlarmRules.OfFleet([Pump], [Open(AlarmKind.CertificateTwice)], s_week, _ => seen, later), Is.Empty);
        Assert.That(Fleet([Pump], [Open(AlarmKind.CertificateTwice)], later).Single() is { Kind: AlarmKind.CertificateTwice, IsRaised: false });
    }

    [Test]
    public void A_burst_of_refusals_begins_at_its_number_within_five_minutes_once_and_ends_at_half_of_it_once()
    {
        RefusalWindow window = new(10);
        for (int i = 0; i < 9; i++)
        {
            window.Add(s_noon.AddMinutes(i * 0.5));
        }

        Assert.That(window.Judge(s_noon.AddMinutes(4)), Is.Null);
        window.Add(s_noon.AddMinutes(4));
        Assert.That(window.Judge(s_noon.AddMinutes(4)) is { IsRaised: true, Subject: AlarmChange.Server });
        Assert.That(window.Judge(s_noon.AddMinutes(4)), Is.Null, "it lasts");
        Assert.That(window.Judge(s_noon.AddMinutes(6)), Is.Null, "more than half");
        Assert.That(window.Judge(s_noon.AddMinutes(7)) is { IsRaised: false });
        Assert.That(window.Judge(s_noon.AddMinutes(99)), Is.Null);
    }

    [Test]
    public void No_number_of_refusals_is_a_burst_where_nobody_wants_to_know()
    {
        RefusalWindow window = new(0);
        window.Add(s_noon);
        Assert.That(window.Judge(s_noon), Is.Null);
    }

    private static AlarmChange[] Fleet(DeviceRecord[] devices, Alarm[] open, DateTimeOffset now) => [.. AlarmRules.OfFleet(devices, open, s_week, static _ => null, now)];

    private static Alarm Open(AlarmKind kind) => new(1, kind, "pump-1", "infusion-pump", s_noon, null, "");

    private static RolloutState EngineWorldWith(string device) =>
        RolloutState.Draft(EngineWorld.PlanOf(new StagePlan("all", null))) with { Members = System.Collections.Immutable.ImmutableDictionary<DeviceId, Member>.Empty.Add(DeviceId.Parse(device), new Member(DeviceId.Parse(device), 0, MemberStatus.Confirmed)) };
}
