namespace Fota.DeviceAgent.Daemon;

/// <summary>
/// Answers the watchdog while the agent goes forward, or waits for a time of its own choosing; not while it hangs: a timer that answers whatever happens would be
/// no watchdog.
/// </summary>
internal sealed class SignsOfLife : IDisposable
{
    /// <summary>A step that takes longer than this without a word hangs. Slow links and servers that ask for patience are silent for long, and what a kill costs is small: an update goes on where it was.</summary>
    public static readonly TimeSpan LongestStep = TimeSpan.FromHours(2);

    private readonly ServiceManager _manager;
    private readonly TimeProvider _time;
    private readonly ITimer? _timer;
    private long _lastStep;

    public SignsOfLife(ServiceManager manager, TimeProvider time)
    {
        _manager = manager;
        _time = time;
        _lastStep = time.GetTimestamp();
        if (manager.Watchdog is { } watchdog)
        {
            _timer = time.CreateTimer(_ => Answer(), null, TimeSpan.Zero, watchdog / 3);
        }
    }

    /// <summary>Takes what the agent tells for a sign of life, and passes it on.</summary>
    public Action<AgentEvent> Watching(Action<AgentEvent> listener) => what =>
    {
        // It sleeps for as long as it says; only from the end of that on it may be found to hang.
        long rest = what is AgentEvent.Sleeping sleeping ? (long)(sleeping.For.TotalSeconds * _time.TimestampFrequency) : 0;
        Interlocked.Exchange(ref _lastStep, _time.GetTimestamp() + rest);
        listener(what);
    };

    public void Dispose() => _timer?.Dispose();

    private void Answer()
    {
        if (_time.GetElapsedTime(Interlocked.Read(ref _lastStep)) < LongestStep)
        {
            _manager.SignOfLife();
        }
    }
}
