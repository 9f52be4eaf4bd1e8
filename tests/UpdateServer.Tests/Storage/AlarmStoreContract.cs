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
    private readonly TStores _stores = new();

    [SetUp]
    public Task OpenAsync() => _stores.OpenAsync();

    public void Dispose() => _stores.Dispose();

    [Test]
    [Proves("V-2")]
    public void P8_An_alarm_is_raised_once_and_cleared_once_with_an_entry_at_both_ends()
    {
        _stores.Webhooks.Configure([new Subscription("on-call", "alarm.*")]);
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
        Assert.That(_stores.Webhooks.Claim(SampleFleet.Noon, SampleFleet.Noon.AddMinutes(1), 10), Has.Count.EqualTo(4));
        Assert.That(_stores.Alarms.Page(long.MaxValue, 10, all: true).Select(static a => (a.Kind, a.Cleared is null)), Is.EqualTo(new[] { (AlarmKind.MetadataStale, true), (AlarmKind.CertificateTwice, true), (AlarmKind.MetadataStale, false) }));
        Alarm newest = _stores.Alarms.Page(long.MaxValue, 1, all: false).Single();
        Assert.That(_stores.Alarms.Page(newest.Number, 10, all: false).Single().Kind, Is.EqualTo(AlarmKind.CertificateTwice));
    }

    [Test]
    [Proves("V-2")]
    public void An_alarm_that_a_report_brings_comes_with_the_report_and_lasts_until_its_level_is_reached()
    {
        _stores.Fleet.Put(SampleFleet.Change(SampleFleet.Record("pump-1")) with { Alarms = [Change(AlarmKind.FloorLowered, true) with { Level = 5 }] });
        _stores.Fleet.Put(SampleFleet.Change(SampleFleet.Record("pump-1", 9)) with { Alarms = [Change(AlarmKind.FloorLowered, false) with { Level = 4 }] });
        Assert.That(_stores.Alarms.Open(), Has.Count.EqualTo(1));
        _stores.Fleet.Put(SampleFleet.Change(SampleFleet.Record("pump-1", 10)) with { Alarms = [Change(AlarmKind.FloorLowered, false) with { Level = 5 }] });
        Assert.That(_stores.Alarms.Open(), Is.Empty);
        Assert.That(_stores.Audit.Read(0, 100).Select(static e => LogEntry.Decode(e).OrThrow().Kind), Is.EqualTo(new[] { "device.reported", "alarm.raised", "device.reported", "device.reported", "alarm.cleared" }));
    }

    private static AlarmChange Change(AlarmKind kind, bool isRaised) => new(kind, "pump-1", SampleFleet.Noon, isRaised, "why") { Product = "infusion-pump", Level = isRaised ? 0 : long.MaxValue };
}
