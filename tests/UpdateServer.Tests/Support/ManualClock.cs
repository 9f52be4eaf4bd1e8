using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>A clock that stands until it is set, and that judges rollouts when it is told to.</summary>
internal sealed class ManualClock(DateTimeOffset now) : TimeProvider
{
    private Action? _tick;

    public DateTimeOffset Now { get; set; } = now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => Now.Ticks;

    /// <summary>The timer by which rollouts are judged is this clock's; others run as they do.</summary>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (period != RolloutTicker.Every)
        {
            return base.CreateTimer(callback, state, dueTime, period);
        }

        _tick = () => callback(state);
        return base.CreateTimer(static _ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Lets time pass, and that timer with it.</summary>
    public void Pass(TimeSpan time)
    {
        for (DateTimeOffset end = Now + time; Now < end;)
        {
            Now = end - Now < RolloutTicker.Every ? end : Now + RolloutTicker.Every;
            _tick!();
        }
    }
}
