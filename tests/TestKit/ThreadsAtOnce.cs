using System.Collections.Concurrent;

namespace Fota.TestKit;

/// <summary>The same work on several threads that begin together.</summary>
public static class ThreadsAtOnce
{
    /// <summary>How many.</summary>
    public const int Count = 4;

    /// <summary>Runs the work on <see cref="Count"/> threads; gives what left them, since what leaves a thread uncaught ends the process.</summary>
    public static IReadOnlyCollection<Exception> Run(Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        ConcurrentQueue<Exception> failures = [];
        using var start = new Barrier(Count);
        Thread[] threads = [.. Enumerable.Range(0, Count).Select(_ => new Thread(() =>
        {
            start.SignalAndWait();
            try
            {
                work();
            }
            catch (Exception e)
            {
                failures.Enqueue(e);
            }
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        return failures;
    }
}
