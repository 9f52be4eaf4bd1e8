namespace Fota.UpdateServer.Storage;

/// <summary>
/// One at a time of this server, and not for ever: a store that is away or hangs must not take every thread with it. While it is, one at a time finds that out, and whoever comes meanwhile
/// is told so at once: he would find the same, and later.
/// </summary>
internal sealed class BoundedTurn
{
    /// <summary>So long a change waits for others: they may be many at once.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();

    /// <summary>Whether the last one found the store away, or took too long.</summary>
    private volatile bool _isAway;

    /// <summary>Does <paramref name="work"/> while nobody else does anything in this turn.</summary>
    /// <param name="work">What to do.</param>
    /// <param name="patience">So long others are waited for, at most.</param>
    /// <exception cref="StoreUnavailableException">Others took too long, or found the store away.</exception>
    public void Take(Action work, TimeSpan patience)
    {
        if (!_gate.TryEnter())
        {
            Wait(patience);
        }

        try
        {
            work();
            _isAway = false;
        }
        catch (StoreUnavailableException)
        {
            _isAway = true;
            throw;
        }
        finally
        {
            _gate.Exit();
        }
    }

    private void Wait(TimeSpan patience)
    {
        if (_isAway || !_gate.TryEnter(patience))
        {
            _isAway = true;
            throw new StoreUnavailableException("the store is busy");
        }

        if (_isAway)
        {
            _gate.Exit();
            throw new StoreUnavailableException("the store is away");
        }
    }
}
