using Fota.Manifest.Log;
using Fota.TestKit;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>What every store of messages does: one for each entry that somebody wants to know of, until it is told or given up.</summary>
[TestFixture(typeof(SqliteStores))]
[TestFixture(typeof(PostgresStores))]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class WebhookStoreContract<TStores> : IDisposable
    where TStores : StoresUnderTest, new()
{
    private static readonly DateTimeOffset s_now = SampleFleet.Noon.AddMinutes(1), s_lease = s_now.AddMinutes(1);

    private readonly TStores _stores = new();

    [SetUp]
    public async Task OpenAsync()
    {
        await _stores.OpenAsync();
        _stores.Webhooks.Configure("one", [new Subscription("all", "*"), new Subscription("all", "person.set"), new Subscription("devices", "device.*"), new Subscription("people", "person.set"), new Subscription("none", "person.removed")], SampleFleet.Noon);
    }

    public void Dispose() => _stores.Dispose();

    [Test]
    [Proves("D-2", "D-10")]
    public void Each_entry_is_one_message_for_everybody_who_wants_to_know_of_it()
    {
        Report("pump-1");
        Join("ann");
        Assert.That(Claim(), Is.EqualTo(new[] { "all 0 device.reported", "all 1 person.set", "devices 0 device.reported", "people 1 person.set" }));
    }

    [Test]
    [Proves("D-10")]
    public void A48_What_did_not_happen_is_told_to_nobody()
    {
        Assert.That(() => _stores.Releases.Commit(Publication.Empty with { Generation = 7 }, Publication.Empty with { Generation = 8 }, SampleFleet.Ann), Throws.InvalidOperationException);
        Assert.That(Claim(), Is.Empty);
    }

    [Test]
    [Proves("D-12")]
    public void A48_A_message_is_one_server_s_until_its_time_is_over_and_then_another_s()
    {
        Report("pump-1");
        Assert.That(Claim(), Has.Length.EqualTo(2));
        Assert.That(Claim(), Is.Empty, "somebody has them");
        WebhookMessage[] again = ClaimAll(s_lease, s_lease.AddMinutes(1));
        Assert.That(again.Select(static m => m.Attempts), Is.EqualTo(new[] { 2, 2 }), "whoever had them died");
    }

    [Test]
    [Proves("D-13", "D-14")]
    public void What_was_told_is_gone_what_failed_comes_again_and_what_was_given_up_is_shown()
    {
        Report("pump-1");
        Report("pump-2");
        Join("ann");
        WebhookMessage[] all = [.. ClaimAll(s_now, s_lease).OrderBy(static m => m.Hook, StringComparer.Ordinal).ThenBy(static m => m.Number)];
        Assert.That(all, Has.Length.EqualTo(6));
        foreach (WebhookMessage told in all[..3])
        {
            _stores.Webhooks.Delivered(told);
        }

        _stores.Webhooks.Failed(all[3], s_now.AddSeconds(10), "it is away");
        _stores.Webhooks.Failed(all[4], null, "it does not want it");
        _stores.Webhooks.Failed(all[5] with { Attempts = 7 }, null, "of an attempt that is over");
        Assert.That(_stores.Webhooks.Backlogs(), Is.EqualTo(new[] { new WebhookBacklog("devices", 1, 1, "it is away"), new WebhookBacklog("people", 1, 0, null) }));
        WebhookMessage givenUp = _stores.Webhooks.GivenUp(10).Single();
        Assert.That((givenUp.Hook, givenUp.Number, givenUp.Attempts, givenUp.Problem), Is.EqualTo(("devices", 1L, 1, "it does not want it")));
        Assert.That(_stores.Webhooks.Claim("devices", s_now.AddSeconds(10), s_lease, 10).Single().Number, Is.Zero);
    }

    [Test]
    [Proves("D-14", "D-15")]
    public void Messages_that_no_server_has_a_receiver_for_are_given_up_days_later_and_those_of_another_server_are_not()
    {
        _stores.Webhooks.Configure("two", [new Subscription("people", "*")], s_now);
        Report("pump-1");
        _stores.Webhooks.Configure("one", [], s_now);
        Report("pump-2");
        Assert.That(_stores.Webhooks.Backlogs().Select(static b => (b.Hook, b.Waiting, b.GivenUp)), Is.EqualTo(new[] { ("all", 1L, 0L), ("devices", 1, 0), ("people", 2, 0) }), "the other server goes on with its own");
        DateTimeOffset later = s_now + IWebhookStore.Patience;
        _stores.Webhooks.Configure("two", [new Subscription("people", "*")], later);
        Assert.That(_stores.Webhooks.Backlogs().Select(static b => (b.Hook, b.Waiting, b.GivenUp)), Is.EqualTo(new[] { ("all", 0L, 1L), ("devices", 0, 1), ("people", 2, 0) }));
        Assert.That(_stores.Webhooks.GivenUp(1).Single().Problem, Is.EqualTo("no server has this webhook any more"));
    }

    [Test]
    [Proves("D-15")]
    public void What_a_server_said_counts_for_days_and_no_longer_if_it_says_it_no_more()
    {
        _stores.Webhooks.Configure("two", [], s_now + IWebhookStore.Patience);
        Report("pump-1");
        Assert.That(_stores.Webhooks.Backlogs(), Is.Empty, "nobody has heard of the other server since");
    }

    [Test]
    [Proves("D-16")]
    public void Messages_of_one_receiver_are_taken_without_those_of_another()
    {
        Report("pump-1");
        Assert.That(_stores.Webhooks.Claim("devices", s_now, s_lease, 10).Single().Hook, Is.EqualTo("devices"));
        Assert.That(_stores.Webhooks.Claim("nobody", s_now, s_lease, 10), Is.Empty);
    }

    private WebhookMessage[] ClaimAll(DateTimeOffset now, DateTimeOffset until) => [.. new[] { "all", "devices", "people", "none" }.SelectMany(hook => _stores.Webhooks.Claim(hook, now, until, 10))];

    private string[] Claim() => [.. ClaimAll(s_now, s_lease).Select(static m => $"{m.Hook} {m.Number} {LogEntry.Decode(m.Entry).OrThrow().Kind}").Order(StringComparer.Ordinal)];

    private void Report(string device) => _stores.Fleet.Put(SampleFleet.Change(SampleFleet.Record(device)));

    private void Join(string name) => _stores.People.Save(
        _stores.People.Load().Number, new PeopleChange(new Person(name) { Grants = [], Identities = [], Created = SampleFleet.Noon }, []), new AccessDecision(SampleFleet.Noon, "ann", AccessDecisionKind.PersonSet, name, "no role"));
}
