using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>What becomes of many who want something of one store at the same time.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class BoundedTurnTests : IDisposable
{
    private static readonly TimeSpan s_long = TimeSpan.FromMinutes(1);

    private readonly BoundedTurn _turn = new();
    private readonly ManualResetEventSlim _isHeld = new(), _mayEnd = new();

    private int _done;

    [Test]
    public void Whoever_waits_longer_than_his_patience_is_told_so()
    {
        Thread holder = Hold(static () => { });
        Assert.That(() => _turn.Take(Do, TimeSpan.Zero), Throws.TypeOf<StoreBusyException>().With.Message.Contains("busy"));
        End(holder);
    }

    [Test]
    public void Whoever_waited_in_vain_for_somebody_who_is_slow_says_nothing_of_the_store()
    {
        Thread holder = Hold(static () => { });
        Assert.That(() => _turn.Take(Do, TimeSpan.Zero), Throws.TypeOf<StoreBusyException>());
        Assert.That(DoneByWhoeverWaitsFor(holder), Is.EqualTo(1));
    }

    [Test]
    public void Others_who_were_in_the_way_are_no_reason_for_anybody_to_give_up()
    {
        Assert.That(() => _turn.Take(static () => throw new StoreBusyException("a lock"), s_long), Throws.TypeOf<StoreBusyException>());
        Assert.That(DoneByWhoeverWaits(), Is.EqualTo(1));
    }

    [Test]
    public void Whoever_waited_for_somebody_who_found_the_store_away_does_not_ask_it_again()
    {
        Thread holder = Hold(static () => throw new StoreUnavailableException("cut"));
        string? told = null;
        Thread waiting = Start(() => told = Assert.Throws<StoreBusyException>(() => _turn.Take(Do, s_long))!.Message);
        SpinWait.SpinUntil(() => waiting.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
        End(holder);
        waiting.Join();
        Assert.That((told, _done), Is.EqualTo(("the store is away", 0)));
    }

    [Test]
    public void Nobody_waits_for_another_while_the_store_was_away_the_last_time()
    {
        Fail();
        Thread holder = Hold(static () => { });
        Assert.That(() => _turn.Take(Do, s_long), Throws.TypeOf<StoreBusyException>());
        End(holder);
        _turn.Take(Do, s_long);
        Assert.That(_done, Is.EqualTo(1));
    }

    [Test]
    public void Once_the_store_has_answered_again_everybody_waits_as_before()
    {
        Fail();
        _turn.Take(Do, s_long);
        Assert.That(DoneByWhoeverWaits(), Is.EqualTo(2));
    }

    [Test]
    public void What_fails_otherwise_says_nothing_of_the_store()
    {
        Assert.That(() => _turn.Take(static () => throw new InvalidOperationException("a defect"), s_long), Throws.InvalidOperationException);
        Assert.That(DoneByWhoeverWaits(), Is.EqualTo(1));
    }

    public void Dispose()
    {
        _isHeld.Dispose();
        _mayEnd.Dispose();
    }

    private static Thread Start(ThreadStart work)
    {
        Thread thread = new(work);
        thread.Start();
        return thread;
    }

    private static StoreUnavailableException? Record(Action work)
    {
        try
        {
            work();
            return null;
        }
        catch (StoreUnavailableException e)
        {
            return e;
        }
    }

    private void Do() => _done++;

    private int DoneByWhoeverWaits() => DoneByWhoeverWaitsFor(Hold(static () => { }));

    private int DoneByWhoeverWaitsFor(Thread holder)
    {
        Exception? refused = null;
        Thread waiting = Start(() => refused = Record(() => _turn.Take(Do, s_long)));
        SpinWait.SpinUntil(() => waiting.ThreadState is ThreadState.WaitSleepJoin or ThreadState.Stopped);
        End(holder);
        waiting.Join();
        Assert.That(refused, Is.Null);
        return _done;
    }

    private void Fail() => Assert.Throws<StoreUnavailableException>(() => _turn.Take(static () => throw new StoreUnavailableException("cut"), s_long));

    private Thread Hold(Action end)
    {
        Thread holder = Start(() =>
        {
            try
            {
                _turn.Take(
                    () =>
                    {
                        _isHeld.Set();
                        _mayEnd.Wait();
                        end();
                    },
                    s_long);
            }
            catch (StoreUnavailableException)
            {
                // As it was to be.
            }
        });
        _isHeld.Wait();
        return holder;
    }

    private void End(Thread holder)
    {
        _mayEnd.Set();
        holder.Join();
    }
}
