using Fota.Interop.Cryptoki;
using Fota.TestKit;

namespace Fota.Interop.Tests.Recovering;

[TestFixture]
public sealed class CircuitBreakerTests
{
    private readonly JumpingClock _clock = new();

    [Test]
    public void First_try_is_free_and_each_next_one_waits_twice_as_long_up_to_half_a_minute()
    {
        var breaker = new CircuitBreaker(_clock);
        Assert.That(breaker.TryEnter(), Is.EqualTo(TimeSpan.Zero));
        List<double> pauses = [];
        for (int i = 0; i < 9; i++)
        {
            TimeSpan pause = breaker.TryEnter();
            pauses.Add(pause.TotalSeconds);
            _clock.Advance(pause - TimeSpan.FromTicks(1));
            Assert.That(breaker.TryEnter(), Is.EqualTo(TimeSpan.FromTicks(1)), "a moment too early");
            _clock.Advance(TimeSpan.FromTicks(1));
            Assert.That(breaker.TryEnter(), Is.EqualTo(TimeSpan.Zero));
        }

        Assert.That(pauses, Is.EqualTo(new[] { 0.25, 0.5, 1, 2, 4, 8, 16, 30, 30 }));
    }

    [Test]
    public void Success_after_the_pause_makes_the_next_try_free()
    {
        var breaker = new CircuitBreaker(_clock);
        breaker.TryEnter();
        _clock.Advance(CircuitBreaker.FirstPause);
        breaker.Confirm();
        Assert.That((breaker.TryEnter(), breaker.TryEnter()), Is.EqualTo((TimeSpan.Zero, CircuitBreaker.FirstPause)));
    }

    [Test]
    public void Success_within_the_pause_does_not_shorten_it()
    {
        var breaker = new CircuitBreaker(_clock);
        breaker.TryEnter();
        breaker.Confirm();
        Assert.That(breaker.Remaining(), Is.EqualTo(CircuitBreaker.FirstPause));
    }
}
