using System.Collections.Concurrent;

namespace Fota.Interop.Cryptoki;

/// <summary>A bounded number of sessions on one token; a thread that finds all of them in use waits.</summary>
internal sealed class SessionPool(ModuleHandle module, int limit) : IDisposable
{
    private readonly SemaphoreSlim _free = new(limit);
    private readonly ConcurrentStack<SessionHandle> _idle = new();
    private volatile bool _isDisposed;

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
                if (isGood && !_isDisposed)
                {
                    _idle.Push(session);
                }
                else
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
        _isDisposed = true;
        while (_idle.TryPop(out SessionHandle? idle))
        {
            idle.Dispose();
        }
    }

    private SessionHandle Rent(TokenGeneration generation)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, typeof(Token));
        while (_idle.TryPop(out SessionHandle? idle))
        {
            if (ReferenceEquals(idle.Generation, generation))
            {
                return idle;
            }

            idle.Dispose();
        }

        return SessionHandle.Open(module, generation);
    }
}
