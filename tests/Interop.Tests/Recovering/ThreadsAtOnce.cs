using System.Collections.Concurrent;

namespace Fota.Interop.Tests.Recovering;

/// <summary>The same work on several threads that begin together.</summary>
internal static class ThreadsAtOnce
{
    public const int Count = 4;

    /// <summary>Runs the work on <see cref="Count"/> threads; gives what left them, since what leaves a thread uncaught ends the process.</summary>
    public static IReadOnlyCollection<Exception> Run(Action work)
    {
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
