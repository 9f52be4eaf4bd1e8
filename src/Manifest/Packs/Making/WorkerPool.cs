using System.Collections.Concurrent;

namespace Fota.Manifest.Packs;

/// <summary>
/// What each of a few workers needs for itself, lent out item by item: the threads behind a parallel loop change all the time, and something for every thread
/// that ever helped would be many times what is used at once.
/// </summary>
internal sealed class WorkerPool<T>(Func<T> make, int? workers = null) : IDisposable
    where T : class, IDisposable
{
    private readonly ConcurrentBag<T> _idle = [];

    /// <summary>Runs <paramref name="work"/> for 0 to <paramref name="count"/> - 1, on the given number of workers, or as many as there are processors.</summary>
    public void ForEach(int count, Action<T, int> work, CancellationToken cancellation) => Parallel.For(
        0,
        count,
        new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = workers ?? Environment.ProcessorCount },
        i =>
        {
            T worker = _idle.TryTake(out T? idle) ? idle : make();
            try
            {
                work(worker, i);
            }
            finally
            {
                _idle.Add(worker);
            }
        });

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (T worker in _idle)
        {
            worker.Dispose();
        }
    }
}
