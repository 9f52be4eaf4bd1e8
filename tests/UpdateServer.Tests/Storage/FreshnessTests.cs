using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>What is remembered of a store that others change, how old it may be, and what changes of it rest on.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class FreshnessTests
{
    private readonly ManualClock _clock = new(SampleFleet.Noon);

    private (long Number, string Value) _stored = (1, "one");
    private bool _isAway;
    private int _reads;

    [TestCase(9, "one")]
    [TestCase(10, "two")]
    public void What_was_heard_too_long_ago_is_read_again_before_it_is_answered(int seconds, string answer)
    {
        Remembered<string> remembered = Shared();
        _stored = (2, "two");
        _clock.Now += TimeSpan.FromSeconds(seconds);
        Assert.That(remembered.Current, Is.EqualTo(answer));
    }

    [Test]
    public void What_was_heard_too_long_ago_is_nobodys_knowledge_while_the_store_is_away()
    {
        Remembered<string> remembered = Shared();
        _isAway = true;
        _clock.Now += FreshnessRule.Patience;
        Assert.That(() => remembered.Current, Throws.TypeOf<StoreUnavailableException>());
    }

    [TestCase(3600)]
    [TestCase(-3600)]
    public void What_was_heard_before_the_machine_was_suspended_or_its_clock_set_is_read_again(int seconds)
    {
        Remembered<string> remembered = Shared();
        _stored = (2, "two");
        _clock.Now += TimeSpan.FromSeconds(seconds);
        _clock.Unseen = TimeSpan.FromSeconds(seconds);
        Assert.That((remembered.Current, _reads), Is.EqualTo(("two", 2)));
    }

    [Test]
    public void What_was_heard_too_long_ago_is_read_again_although_the_time_of_day_was_set_back()
    {
        Remembered<string> remembered = Shared();
        _stored = (2, "two");
        _clock.Unseen = -FreshnessRule.Patience;
        Assert.That(remembered.Current, Is.EqualTo("two"));
    }

    [Test]
    public void What_nobody_else_changes_is_fresh_for_ever()
    {
        Remembered<string> remembered = new(Read, FreshnessRule.Alone(_clock));
        _isAway = true;
        _clock.Now += TimeSpan.FromDays(1000);
        Assert.That(remembered.Current, Is.EqualTo("one"));
    }

    [Test]
    public void A_number_that_is_known_keeps_it_fresh_without_reading_and_another_has_it_read()
    {
        Remembered<string> remembered = Shared();
        _clock.Now += TimeSpan.FromSeconds(9);
        remembered.Confirm(1, Moment.Now(_clock));
        _clock.Now += TimeSpan.FromSeconds(9);
        Assert.That((remembered.Current, _reads), Is.EqualTo(("one", 1)));
        _stored = (2, "two");
        remembered.Confirm(2, Moment.Now(_clock));
        Assert.That((remembered.Current, _reads), Is.EqualTo(("two", 2)));
    }

    [Test]
    public void An_answer_over_which_the_server_was_frozen_is_as_old_as_its_question()
    {
        Remembered<string> remembered = Shared();
        Moment asked = Moment.Now(_clock);
        _clock.Now += FreshnessRule.Patience;
        remembered.Confirm(1, asked);
        _isAway = true;
        Assert.That(() => remembered.Current, Throws.TypeOf<StoreUnavailableException>());
    }

    [Test]
    public void A_reading_over_which_the_server_was_frozen_is_as_old_as_its_question()
    {
        Remembered<string> remembered = new(
            () =>
            {
                Known<string> read = Read();
                _clock.Now += FreshnessRule.Patience;
                return read;
            },
            FreshnessRule.Shared(_clock));
        _stored = (2, "two");
        Assert.That(remembered.Current, Is.EqualTo("two"));
    }

    [Test]
    public void A_change_is_decided_on_what_the_store_holds_and_not_on_what_is_remembered()
    {
        Remembered<string> remembered = Shared();
        _stored = (2, "two");
        remembered.Change(now => new Draft<string>($"{now}!", Save(now)));
        Assert.That((_stored, remembered.Current), Is.EqualTo(((3, "two!"), "two!")));
    }

    [Test]
    public void A_change_that_another_server_comes_before_is_decided_again()
    {
        Remembered<string> remembered = Shared();
        List<string> decided = [];
        remembered.Change(now =>
        {
            decided.Add(now);
            _stored = decided.Count == 1 ? (2, "two") : _stored;
            return new Draft<string>($"{now}!", Save(now));
        });
        Assert.That(decided, Is.EqualTo(["one", "two"]));
        Assert.That((_stored, remembered.Current), Is.EqualTo(((3, "two!"), "two!")));
    }

    [Test]
    public void A_change_of_which_nobody_knows_whether_it_is_stored_has_it_read_again()
    {
        Remembered<string> remembered = Shared();
        Assert.That(
            () => remembered.Change(_ => new Draft<string>("two", _ =>
            {
                _stored = (2, "two");
                throw new StoreUncertainException("cut");
            })),
            Throws.TypeOf<StoreUncertainException>());
        Assert.That(remembered.Current, Is.EqualTo("two"));
    }

    private Remembered<string> Shared() => new(Read, FreshnessRule.Shared(_clock));

    private Func<long, long?> Save(string now) => known =>
    {
        if (_stored.Number != known)
        {
            return null;
        }

        _stored = (known + 1, $"{now}!");
        return known + 1;
    };

    private Known<string> Read()
    {
        _reads++;
        return _isAway ? throw new StoreUnavailableException("away") : new Known<string>(_stored.Number, _stored.Value);
    }
}
