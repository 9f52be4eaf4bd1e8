using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>A clock that stands until it is set, and that judges rollouts when it is told to.</summary>
internal sealed class ManualClock(DateTimeOffset now) : TimeProvider
{
    private readonly List<MinuteTimer> _timers = [];

    public DateTimeOffset Now { get; set; } = now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Now;

    /// <summary>How much of <see cref="Now"/> the clock that nobody sets has not seen: the machine was suspended, or somebody set the other clock.</summary>
    public TimeSpan Unseen { get; set; }

    public override long GetTimestamp() => (Now - Unseen).Ticks;

    /// <summary>The timers of once a minute, by which rollouts are judged and lists are read, are this clock's; others run as they do.</summary>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (period != RolloutTicker.Every)
        {
            return base.CreateTimer(callback, state, dueTime, period);
        }

        MinuteTimer timer = new(() => callback(state), _timers);
        _timers.Add(timer);
        return timer;
    }

    /// <summary>Lets time pass, and those timers with it.</summary>
    /// <param name="time">How much.</param>
    /// <param name="step">From one tick to the next one; a minute unless given.</param>
    public void Pass(TimeSpan time, TimeSpan? step = null)
    {
        TimeSpan every = step ?? RolloutTicker.Every;
        for (DateTimeOffset end = Now + time; Now < end;)
        {
            Now = end - Now < every ? end : Now + every;
            foreach (MinuteTimer timer in _timers.ToArray())
            {
                timer.Tick();
            }
        }
    }

    private sealed class MinuteTimer(Action tick, List<MinuteTimer> timers) : ITimer
    {
        public void Tick() => tick();

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose() => timers.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
