namespace Fota.Interop.Cryptoki;

/// <summary>A bounded number of sessions on one token; a thread that finds all of them in use waits.</summary>
internal sealed class SessionPool(ModuleHandle module, int limit) : IDisposable
{
    private readonly SemaphoreSlim _free = new(limit);
    private readonly Lock _gate = new();
    private readonly Stack<SessionHandle> _idle = new();
    private bool _isDisposed;

    /// <summary>Runs <paramref name="call"/> on a session of <paramref name="generation"/>. A session whose call failed is not used again.</summary>
    public T Use<T>(TokenGeneration generation, Func<SessionHandle, T> call)
    {
        _free.Wait();
        try
        {
            SessionHandle session = Rent(generation);
            bool isGood = false;
            try
            {
                T result = call(session);
                isGood = true;
                return result;
            }
            finally
            {
                if (!isGood || !TryKeep(session))
                {
                    session.Dispose();
                }
            }
        }
        finally
        {
            _free.Release();
        }
    }

    /// <summary>Closes the idle sessions now and the busy ones when their calls end.</summary>
    public void Dispose()
    {
        SessionHandle[] idle;
        lock (_gate)
        {
            _isDisposed = true;
            idle = [.. _idle];
            _idle.Clear();
        }

        Array.ForEach(idle, static session => session.Dispose());
    }

    /// <summary>Keeps a session for the next call. Not in a pool that was drained in the meantime: nobody would close it, and the token would stay logged in for it.</summary>
    internal bool TryKeep(SessionHandle session)
    {
        lock (_gate)
        {
            if (_isDisposed)
            {
                return false;
            }

            _idle.Push(session);
            return true;
        }
    }

    private SessionHandle Rent(TokenGeneration generation)
    {
        while (TryTake() is { } idle)
        {
            if (ReferenceEquals(idle.Generation, generation))
            {
                return idle;
            }

            idle.Dispose();
        }

        return SessionHandle.Open(module, generation);
    }

    private SessionHandle? TryTake()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(Token));
            return _idle.TryPop(out SessionHandle? idle) ? idle : null;
        }
    }
}
