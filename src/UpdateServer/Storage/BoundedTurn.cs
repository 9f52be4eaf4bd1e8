namespace Fota.UpdateServer.Storage;

/// <summary>
/// One at a time of this server, and not for ever: a store that is away or hangs must not take every thread with it. While it is, one at a time finds that out, and whoever comes meanwhile
/// is told so at once: he would find the same, and later.
/// </summary>
internal sealed class BoundedTurn
{
    /// <summary>So long a change waits for others: they may be many at once.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private const long Nobody = long.MaxValue;

    private readonly Lock _gate = new();

    /// <summary>Whether the last one found the store away. Whoever has the turn says so, and nobody else.</summary>
    private volatile bool _isAway;

    /// <summary>Since when somebody has the turn.</summary>
    private long _since = Nobody;

    /// <summary>Does <paramref name="work"/> while nobody else does anything in this turn.</summary>
    /// <param name="work">What to do.</param>
    /// <param name="patience">So long others are waited for, at most, and somebody who has been at it for as long already not at all.</param>
    /// <exception cref="StoreUnavailableException">Others took too long, or found the store away.</exception>
    public void Take(Action work, TimeSpan patience)
    {
        if (!_gate.TryEnter())
        {
            Wait(patience);
        }

        Volatile.Write(ref _since, TimeProvider.System.GetTimestamp());
        bool isAway = false;
        try
        {
            work();
        }
        catch (StoreUnavailableException e) when (e is not StoreBusyException)
        {
            isAway = true;
            throw;
        }
        finally
        {
            _isAway = isAway;
            Volatile.Write(ref _since, Nobody);
            _gate.Exit();
        }
    }

    private void Wait(TimeSpan patience)
    {
        if (_isAway || TimeProvider.System.GetElapsedTime(Volatile.Read(ref _since)) >= patience || !_gate.TryEnter(patience))
        {
            throw new StoreBusyException("the store is busy");
        }

        // It was not before: whoever was waited for has found that out.
        if (_isAway)
        {
            _gate.Exit();
            throw new StoreBusyException("the store is away");
        }
    }
}
