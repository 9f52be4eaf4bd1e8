using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Fota.Manifest.Packs;

/// <summary>
/// What each of a few workers needs for itself, lent out item by item: the threads behind a parallel loop change all the time, and something for every thread
/// that ever helped would be many times what is used at once.
/// </summary>
internal sealed class WorkerPool<T>(Func<T> make, int? workers = null) : IDisposable
    where T : class, IDisposable
{
    // Each takes tens of MiB, so a machine of many processors does not use them all.
    private const int MostByDefault = 4;

    private readonly ConcurrentBag<T> _idle = [];

    /// <summary>Runs <paramref name="work"/> for 0 to <paramref name="count"/> - 1, on the given number of workers, or as many as there are processors, four at the most.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void ForEach(int count, Action<T, int> work, CancellationToken cancellation)
    {
        ParallelOptions options = new() { CancellationToken = cancellation, MaxDegreeOfParallelism = workers ?? Math.Min(Environment.ProcessorCount, MostByDefault) };
        try
        {
            Parallel.For(0, count, options, i => Run(work, i));
        }
        catch (AggregateException e)
        {
            // What one worker met is what happened; that others met it too says nothing more.
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (T worker in _idle)
        {
            worker.Dispose();
        }
    }

    private void Run(Action<T, int> work, int item)
    {
        T worker = _idle.TryTake(out T? idle) ? idle : make();
        try
        {
            work(worker, item);
        }
        finally
        {
            _idle.Add(worker);
        }
    }
}
