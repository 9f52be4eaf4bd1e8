using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.TestKit;
using Fota.UpdateServer.Alarms;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Health;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Tests.Storage;
using Fota.UpdateServer.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fota.UpdateServer.Tests.Alarms;

/// <summary>Several servers that judge over one store, are started again, and find it away.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class AlarmBookTests : IDisposable
{
    private readonly SqliteStores _stores = new();
    private readonly ManualClock _clock = new(SampleFleet.Noon);

    private static DeviceRecord Pump => SampleFleet.Record("pump-1");

    private string[] Open => [.. _stores.Alarms.Open().Select(static a => $"{AlarmChange.Word(a.Kind)} {a.Subject}").Order(StringComparer.Ordinal)];

    private string[] Told => [.. _stores.Audit.Read(0, 1000).Select(static e => LogEntry.Decode(e).OrThrow()).Where(static e => e.Kind.StartsWith("alarm.", StringComparison.Ordinal)).Select(static e => $"{e.Kind} {e.Subject}")];

    [SetUp]
    public Task OpenAsync() => _stores.OpenAsync();

    public void Dispose() => _stores.Dispose();

    [Test]
    [Proves("V-1")]
    public void A_burst_of_a_server_that_was_started_again_ends_and_the_next_one_is_told_of()
    {
        Burst(Book("one"));
        Assert.That(Open, Is.EqualTo(new[] { "refusal_burst server one" }));
        AlarmBook again = Book("one");
        Pass(again, TimeSpan.FromMinutes(62));
        Assert.That(Open, Is.Empty);
        Burst(again);
        Assert.That(Told, Is.EqualTo(new[] { "alarm.raised server one", "alarm.cleared server one", "alarm.raised server one" }));
    }

    [Test]
    [Proves("V-1")]
    public void A_burst_at_one_server_hides_none_at_another_and_one_that_is_no_more_has_none()
    {
        AlarmBook two = Book("two");
        Burst(Book("one"));
        Burst(two);
        Assert.That(Open, Is.EqualTo(new[] { "refusal_burst server one", "refusal_burst server two" }));
        for (int minute = 0; minute < 62; minute++)
        {
            Refuse(two);
            Pass(two, TimeSpan.FromMinutes(1));
        }

        Assert.That(Open, Is.EqualTo(new[] { "refusal_burst server two" }), "it goes on");
    }

    [Test]
    [Proves("V-1", "V-2")]
    public void A44_A_certificate_that_is_used_twice_is_one_alarm_for_several_servers_and_through_restarts()
    {
        AlarmBook one = Book("one"), two = Book("two");
        one.Conflict(Pump, _clock.Now);
        Pass(one, TimeSpan.FromMinutes(1));
        Pass(two, TimeSpan.FromHours(23));
        one.Conflict(Pump, _clock.Now);
        Pass(one, TimeSpan.FromMinutes(1));
        one = Book("one");
        Pass(two, TimeSpan.FromHours(2));
        Pass(one, TimeSpan.FromHours(20));
        Assert.That(Told, Is.EqualTo(new[] { "alarm.raised pump-1" }), "it was seen within a day");
        Pass(one, TimeSpan.FromHours(3));
        Assert.That(Told, Is.EqualTo(new[] { "alarm.raised pump-1", "alarm.cleared pump-1" }));
    }

    [Test]
    [Proves("V-2")]
    public void A48_What_was_seen_while_the_store_was_away_is_told_of_when_it_is_back()
    {
        FailingStore away = new(_stores.Alarms) { IsAway = true };
        AlarmBook book = Book("one", away);
        book.Conflict(Pump, _clock.Now);
        Refuse(book);
        for (int look = 0; look < 3; look++)
        {
            Assert.That(() => Judge(book), Throws.TypeOf<StoreUnavailableException>());
        }

        away.IsAway = false;
        Judge(book);
        Assert.That(Open, Is.EqualTo(new[] { "certificate_twice pump-1", "refusal_burst server one" }));
    }

    [Test]
    [Proves("V-1", "V-6")]
    public void A49_A_server_that_was_away_for_a_month_finds_no_device_silent()
    {
        AlarmBook book = Book("one");
        Judge(book);
        _clock.Now += TimeSpan.FromDays(30);
        Judge(book);
        Pass(book, TimeSpan.FromDays(1));
        Assert.That(Told, Is.Empty, "it is a day that nobody was heard of");
    }

    [TestCase(true, null, 61, true)]
    [TestCase(true, null, 60, false)]
    [TestCase(false, null, 9999, false)]
    [TestCase(true, 0, 9999, false)]
    [TestCase(false, 5, 6, true)]
    [Proves("V-7")]
    public void A_log_that_nobody_ever_signed_for_is_late_where_it_should_be_signed(bool isExpected, int? setting, int minutes, bool isLate)
    {
        _stores.Fleet.Put(SampleFleet.Change(Pump));
        LogSigning signing = new(_stores.Audit, new AuditLog(_stores.Audit, static () => [], _clock), new AlarmSettings { UnsignedMinutes = setting }, isExpected);
        SigningState state = signing.Look(SampleFleet.Noon.AddMinutes(minutes));
        Assert.That((state.Size, state.Since, state.IsLate), Is.EqualTo(((long?)null, SampleFleet.Noon, isLate)));
    }

    /// <summary>By whoever holds the database, or as it was damaged: the signer can sign for nothing more, and the rest goes on.</summary>
    [TestCase("DELETE FROM audit_entries WHERE number = 2", 4)]
    [TestCase("UPDATE audit_entries SET entry = x'7b' WHERE number = 2", 4)]
    [TestCase("DELETE FROM audit_entries WHERE number > 0", 1)]
    [Proves("V-7")]
    public async Task P8_An_entry_that_is_missing_or_unreadable_keeps_the_log_unsigned_and_no_other_alarm_from_being_told_of(string damage, long count)
    {
        for (int entry = 0; entry < 4; entry++)
        {
            _stores.Fleet.Put(SampleFleet.Change(Pump));
        }

        _stores.Audit.Keep(new StoredCheckpoint("audit", 2, [1], _clock.Now), static _ => { });
        AlarmBook book = Book("one");
        Judge(book);
        Assert.That(Open, Is.Empty);
        _stores.Ask($"DROP TRIGGER audit_entries_stay; DROP TRIGGER audit_entries_are_kept; {damage}");
        LogSigning signing = new(_stores.Audit, new AuditLog(_stores.Audit, static () => [], _clock), new AlarmSettings(), isExpected: true);
        HealthCheckResult ready = await new LogCheck(signing, _clock).CheckHealthAsync(new HealthCheckContext());
        Assert.That((ready.Status, ready.Description), Is.EqualTo((HealthStatus.Degraded, $"2 entries of the server's log are signed for, there are {count}, and the next one is missing or cannot be read")));
        book.Conflict(Pump, _clock.Now);
        Pass(book, TimeSpan.FromHours(2));
        Assert.That(Open, Is.EqualTo(new[] { "certificate_twice pump-1", "log_unsigned the log" }));
    }

    [Test]
    [Proves("V-7")]
    public async Task A49_Content_that_cannot_be_read_leaves_readiness_of_the_log_unknown_and_not_failing()
    {
        LogSigning signing = new(_stores.Audit, new AuditLog(_stores.Audit, static () => throw new IOException("damaged"), _clock), new AlarmSettings(), isExpected: true);
        HealthCheckResult ready = await new LogCheck(signing, _clock).CheckHealthAsync(new HealthCheckContext());
        Assert.That((ready.Status, ready.Description), Is.EqualTo((HealthStatus.Degraded, "wanted a store that answers, and content that is whole: whether the log is signed for is not known")));
    }

    [Test]
    public void A07_A_thousand_alarms_are_raised_in_steps_that_others_can_wait_for()
    {
        FailingStore store = new(_stores.Alarms);
        AlarmBook book = Book("one", store);
        book.Judge(Enumerable.Range(0, 1000).Select(static i => SampleFleet.Record($"pump-{i}") with { Reason = RejectionReason.MetadataExpired }), [], _clock.Now);
        Assert.That((store.Largest, _stores.Alarms.Open().Count), Is.EqualTo((200, 1000)));
    }

    [TestCase(401, "/api/v1/devices", true)]
    [TestCase(403, "/api/v1/devices", true)]
    [TestCase(429, "/repo/metadata/timestamp.json", true)]
    [TestCase(400, "/api/v1/check-in", true)]
    [TestCase(409, "/api/v1/check-in", true)]
    [TestCase(200, "/api/v1/check-in", false)]
    [TestCase(503, "/api/v1/check-in", false)]
    [TestCase(400, "/api/v1/rollouts", false)]
    [TestCase(404, "/api/v1/devices/x", false)]
    [Proves("V-1")]
    public async Task A_request_counts_if_it_was_refused_for_who_asked_or_for_what_a_device_said(int status, string path, bool counts)
    {
        AlarmBook book = Book("one", refusals: 1);
        RefusalMiddleware middleware = new(
            context =>
            {
                context.Response.StatusCode = status;
                return Task.CompletedTask;
            },
            book,
            _clock);
        await middleware.InvokeAsync(new DefaultHttpContext { Request = { Path = path } });
        Judge(book);
        Assert.That(Open, Has.Length.EqualTo(counts ? 1 : 0));
    }

    private AlarmBook Book(string server, IAlarmStore? store = null, int refusals = 10) => AlarmBooks.Create(store ?? _stores.Alarms, _stores.Audit, _clock, server, new AlarmSettings { Refusals = refusals });

    private void Refuse(AlarmBook book)
    {
        for (int i = 0; i < 10; i++)
        {
            book.Refused(_clock.Now);
        }
    }

    private void Burst(AlarmBook book)
    {
        Refuse(book);
        Judge(book);
    }

    private void Judge(AlarmBook book) => book.Judge([Pump], [], _clock.Now);

    private void Pass(AlarmBook book, TimeSpan time)
    {
        for (DateTimeOffset end = _clock.Now + time; _clock.Now < end;)
        {
            _clock.Now = end - _clock.Now < TimeSpan.FromMinutes(5) ? end : _clock.Now + TimeSpan.FromMinutes(5);
            Judge(book);
        }
    }

    /// <summary>A store that is away, or counts.</summary>
    private sealed class FailingStore(IAlarmStore inner) : IAlarmStore
    {
        public bool IsAway { get; set; }

        public int Largest { get; private set; }

        public IReadOnlyList<Alarm> Open() => inner.Open();

        public IReadOnlyList<Alarm> Page(long before, int most, bool all) => inner.Page(before, most, all);

        public void Apply(IReadOnlyList<AlarmChange> changes)
        {
            Largest = Math.Max(Largest, changes.Count);
            if (IsAway)
            {
                throw new StoreUnavailableException("the store is away");
            }

            inner.Apply(changes);
        }

        public IReadOnlyList<Watch> Watches() => inner.Watches();

        public void Keep(Watch watch) => inner.Keep(watch);
    }
}
