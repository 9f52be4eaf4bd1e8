using Fota.Manifest.Log;
using Fota.TestKit;
using Fota.UpdateServer.Alarms;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>What every store of alarms does: raised once, cleared once, and both in the log.</summary>
[TestFixture(typeof(SqliteStores))]
[TestFixture(typeof(PostgresStores))]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class AlarmStoreContract<TStores> : IDisposable
    where TStores : StoresUnderTest, new()
{
    private static readonly DateTimeOffset s_later = SampleFleet.Noon.AddHours(2);

    private readonly TStores _stores = new();

    [SetUp]
    public Task OpenAsync() => _stores.OpenAsync();

    public void Dispose() => _stores.Dispose();

    [Test]
    [Proves("V-2")]
    public void P8_An_alarm_is_raised_once_and_cleared_once_with_an_entry_at_both_ends()
    {
        _stores.Webhooks.Configure("one", [new Subscription("on-call", "alarm.*")], SampleFleet.Noon);
        for (int again = 0; again < 3; again++)
        {
            _stores.Alarms.Apply([Change(AlarmKind.MetadataStale, true), Change(AlarmKind.CertificateTwice, true)]);
        }

        Assert.That(_stores.Alarms.Open().Select(static a => a.Kind), Is.EquivalentTo(new[] { AlarmKind.MetadataStale, AlarmKind.CertificateTwice }));
        for (int again = 0; again < 3; again++)
        {
            _stores.Alarms.Apply([Change(AlarmKind.MetadataStale, false), Change(AlarmKind.RefusalBurst, false)]);
        }

        _stores.Alarms.Apply([Change(AlarmKind.MetadataStale, true)]);
        Assert.That(_stores.Audit.Read(0, 100).Select(static e => LogEntry.Decode(e).OrThrow()).Select(static e => $"{e.Kind} {e.Facts["alarm"]} {e.Subject}"), Is.EqualTo(new[]
        {
            "alarm.raised metadata_stale pump-1", "alarm.raised certificate_twice pump-1", "alarm.cleared metadata_stale pump-1", "alarm.raised metadata_stale pump-1",
        }));
        Assert.That(_stores.Webhooks.Claim("on-call", s_later, s_later.AddMinutes(1), 10), Has.Count.EqualTo(4));
        Assert.That(_stores.Alarms.Page(long.MaxValue, 10, all: true).Select(static a => (a.Kind, a.Cleared is null)), Is.EqualTo(new[] { (AlarmKind.MetadataStale, true), (AlarmKind.CertificateTwice, true), (AlarmKind.MetadataStale, false) }));
        Alarm newest = _stores.Alarms.Page(long.MaxValue, 1, all: false).Single();
        Assert.That(_stores.Alarms.Page(newest.Number, 10, all: false).Single().Kind, Is.EqualTo(AlarmKind.CertificateTwice));
    }

    [Test]
    [Proves("V-2")]
    public void An_alarm_that_a_report_brings_comes_with_the_report()
    {
        _stores.Fleet.Put(SampleFleet.Change(SampleFleet.Record("pump-1")) with { Alarms = [Change(AlarmKind.UnassignedVersion, true) with { Level = 5, Before = "one" }] });
        Alarm open = _stores.Alarms.Open().Single();
        Assert.That((open.Level, open.Before, open.Seen), Is.EqualTo((5, "one", SampleFleet.Noon)));
        Assert.That(_stores.Audit.Read(0, 100).Select(static e => LogEntry.Decode(e).OrThrow().Kind), Is.EqualTo(new[] { "device.reported", "alarm.raised" }));
    }

    [Test]
    public void An_alarm_of_a_kind_that_only_a_newer_program_knows_hides_none_of_the_others()
    {
        _stores.Alarms.Apply([Change(AlarmKind.MetadataStale, true)]);
        _stores.Ask("INSERT INTO alarms (kind, subject, product, level, raised, seen, before, detail) VALUES ('LaterKind', 'pump-1', NULL, 0, 0, 0, NULL, 'why')");
        _stores.Alarms.Apply([Change(AlarmKind.FloorLowered, true)]);
        Assert.That(_stores.Alarms.Open().Select(static a => a.Kind), Is.EquivalentTo(new[] { AlarmKind.MetadataStale, AlarmKind.FloorLowered }));
        Assert.That(_stores.Alarms.Page(long.MaxValue, 2, all: true).Select(static a => a.Kind), Is.EqualTo(new[] { AlarmKind.FloorLowered, AlarmKind.MetadataStale }));
    }

    [Test]
    [Proves("V-5")]
    public void A07_An_alarm_lasts_an_hour_at_least_so_that_what_comes_and_goes_is_told_of_once()
    {
        AlarmChange raised = Change(AlarmKind.FloorLowered, true), cleared = Change(AlarmKind.FloorLowered, false);
        for (int minute = 0; minute < 60; minute++)
        {
            _stores.Alarms.Apply([raised with { At = SampleFleet.Noon.AddMinutes(minute) }, cleared with { At = SampleFleet.Noon.AddMinutes(minute).AddSeconds(30) }]);
        }

        Assert.That(_stores.Audit.Count(), Is.EqualTo(1));
        _stores.Alarms.Apply([cleared with { At = SampleFleet.Noon + AlarmChange.Least }]);
        Assert.That((_stores.Alarms.Open().Count, _stores.Audit.Count()), Is.EqualTo((0, 2)));
    }

    [Test]
    [Proves("V-2")]
    public void What_another_server_saw_since_an_alarm_was_judged_keeps_it()
    {
        _stores.Alarms.Apply([Change(AlarmKind.CertificateTwice, true)]);
        Alarm judged = _stores.Alarms.Open().Single();
        _stores.Alarms.Apply([Change(AlarmKind.CertificateTwice, true) with { At = s_later }]);
        _stores.Alarms.Apply([Change(AlarmKind.CertificateTwice, true) with { At = SampleFleet.Noon.AddMinutes(1) }]);
        _stores.Alarms.Apply([AlarmChange.End(judged, s_later.AddDays(1), "nothing more")]);
        Assert.That(_stores.Alarms.Open().Single().Seen, Is.EqualTo(s_later));
    }

    [Test]
    [Proves("V-1")]
    public void A04_An_alarm_that_lasts_is_judged_by_the_highest_level_and_by_what_ran_before_the_newest_that_counts_anew()
    {
        AlarmChange version = Change(AlarmKind.UnassignedVersion, true) with { Before = "one", Detail = "first" }, floor = Change(AlarmKind.FloorLowered, true) with { Level = 5, Detail = "first" };
        _stores.Alarms.Apply([version, floor]);
        _stores.Alarms.Apply([version with { Before = "two", Detail = "second" }, floor with { Level = 4, Detail = "second" }]);
        Assert.That(_stores.Alarms.Open().Select(static a => (a.Level, a.Before, a.Detail)), Is.EquivalentTo(new[] { (0L, "one", "first"), (5, null, "first") }));
        _stores.Alarms.Apply([version with { Before = "three", Detail = "third", IsAnew = true }, floor with { Level = 10, Detail = "third" }]);
        Assert.That(_stores.Alarms.Open().Select(static a => (a.Level, a.Before, a.Detail)), Is.EquivalentTo(new[] { (0L, "three", "third"), (10, null, "third") }));
        Assert.That(_stores.Audit.Count(), Is.EqualTo(2), "it is no news");
    }

    [Test]
    [Proves("V-6")]
    public void A_watch_grows_and_another_one_is_beside_it()
    {
        foreach (Watch watch in (Watch[])[new(s_later, s_later), new(SampleFleet.Noon, SampleFleet.Noon), new(SampleFleet.Noon, SampleFleet.Noon.AddMinutes(2)), new(SampleFleet.Noon, SampleFleet.Noon.AddMinutes(1))])
        {
            _stores.Alarms.Keep(watch);
        }

        Assert.That(_stores.Alarms.Watches(), Is.EqualTo(new[] { new Watch(SampleFleet.Noon, SampleFleet.Noon.AddMinutes(2)), new Watch(s_later, s_later) }));
    }

    private static AlarmChange Change(AlarmKind kind, bool isRaised) =>
        new(kind, "pump-1", isRaised ? SampleFleet.Noon : s_later, isRaised, "why") { Product = "infusion-pump", Judged = isRaised ? default : s_later };
}
