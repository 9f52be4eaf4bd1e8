namespace Fota.Signer.Tests;

/// <summary>
/// A clock that a test moves. It begins two months ago, so that what is made in a world is valid by the machine's clock too, which TLS and child
/// processes go by. Its timers are real: nothing here waits for them.
/// </summary>
internal sealed class SteppedClock : TimeProvider
{
    private DateTimeOffset _now = DateTimeOffset.FromUnixTimeSeconds(System.GetUtcNow().ToUnixTimeSeconds()).AddDays(-60);

    private readonly List<LaggingTimer> _timers = [];

    /// <summary>When set, timers are not real: so much time goes by whenever one of them is set anew.</summary>
    public TimeSpan? Lag { get; set; }

    /// <summary>What went by in that way.</summary>
    public TimeSpan Lagged { get; private set; }

    public override DateTimeOffset GetUtcNow() => _now;

    public void Step(TimeSpan by) => _now += by;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (Lag is null)
        {
            return base.CreateTimer(callback, state, dueTime, period);
        }

        _timers.Add(new LaggingTimer(this, () => callback(state)) { Due = dueTime });
        return _timers[^1];
    }

    /// <summary>What the longest timer waited for when <see cref="Expire"/> was called.</summary>
    public TimeSpan Expired { get; private set; }

    /// <summary>The time that the timers wait for has gone by.</summary>
    public void Expire()
    {
        LaggingTimer[] armed = [.. _timers.Where(static timer => timer.Due != Timeout.InfiniteTimeSpan)];
        // Noted first: whoever a timer wakes goes on at once, on a thread of its own.
        Expired = armed.Max(static timer => timer.Due);
        Array.ForEach(armed, static timer => timer.Fire());
    }

    private sealed class LaggingTimer(SteppedClock clock, Action fire) : ITimer
    {
        public TimeSpan Due { get; set; }

        public Action Fire => fire;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            clock.Lagged += clock.Lag!.Value;
            if (Due <= clock.Lag)
            {
                fire();
            }

            Due = dueTime;
            return true;
        }

        public void Dispose() => clock._timers.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
