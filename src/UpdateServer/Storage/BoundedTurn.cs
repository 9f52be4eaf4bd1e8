namespace Fota.UpdateServer.Storage;

/// <summary>One at a time of this server, and not for ever: a store that hangs must not take every thread with it.</summary>
internal sealed class BoundedTurn
{
    /// <summary>So long somebody waits for others.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();

    /// <summary>Does <paramref name="work"/> while nobody else does anything in this turn.</summary>
    /// <exception cref="StoreUnavailableException">Others took too long.</exception>
    public void Take(Action work)
    {
        if (!_gate.TryEnter(s_patience))
        {
            throw new StoreUnavailableException("the store is busy");
        }

        try
        {
            work();
        }
        finally
        {
            _gate.Exit();
        }
    }
}
