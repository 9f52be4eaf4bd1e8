namespace Fota.Interop.Cryptoki;

/// <summary>
/// Lets a costly repair be tried at once, and after each try only when a pause is over that doubles, until something has worked again. So a token
/// that stays away does not have the whole module, and every other token's sessions with it, initialised anew by each call.
/// </summary>
internal sealed class CircuitBreaker(TimeProvider clock)
{
    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);

    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private TimeSpan _pause;
    private long _openedAt;
    private volatile bool _isOpen;

    /// <summary>What the pauses are measured with.</summary>
    public TimeProvider Clock => clock;

    /// <summary>Zero when the repair may be tried now, which opens the breaker; otherwise how long it may not.</summary>
    public TimeSpan TryEnter()
    {
        lock (_gate)
        {
            if (_isOpen && clock.GetElapsedTime(_openedAt) is var elapsed && elapsed < _pause)
            {
                return _pause - elapsed;
            }

            _pause = !_isOpen ? FirstPause : _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
            _openedAt = clock.GetTimestamp();
            _isOpen = true;
            return TimeSpan.Zero;
        }
    }

    /// <summary>How long the repair may not be tried.</summary>
    public TimeSpan Remaining()
    {
        lock (_gate)
        {
            return _isOpen && clock.GetElapsedTime(_openedAt) is var elapsed && elapsed < _pause ? _pause - elapsed : TimeSpan.Zero;
        }
    }

    /// <summary>
    /// The token answered as it should, so the breaker closes once the pause is over: a token that comes and goes is no better than one that stays away.
    /// Cheap while the breaker is closed: every call that works says so.
    /// </summary>
    public void Confirm()
    {
        if (_isOpen)
        {
            lock (_gate)
            {
                _isOpen = clock.GetElapsedTime(_openedAt) < _pause;
            }
        }
    }
}
