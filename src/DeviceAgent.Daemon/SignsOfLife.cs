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
    private volatile bool _waits;

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

    /// <summary>Something went forward.</summary>
    public void Step() => Interlocked.Exchange(ref _lastStep, _time.GetTimestamp());

    /// <summary>Waits until the next check-in.</summary>
    public async Task WaitAsync(TimeSpan delay, CancellationToken cancellation)
    {
        _waits = true;
        try
        {
            await Task.Delay(delay, _time, cancellation);
        }
        finally
        {
            Step();
            _waits = false;
        }
    }

    public void Dispose() => _timer?.Dispose();

    private void Answer()
    {
        if (_waits || _time.GetElapsedTime(Interlocked.Read(ref _lastStep)) < LongestStep)
        {
            _manager.SignOfLife();
        }
    }
}
