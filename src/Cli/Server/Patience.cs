namespace Fota.Cli.Server;

/// <summary>How long an answer is waited for. That none came is told as that, and not as that somebody cancelled: what was asked for may be done.</summary>
internal static class Patience
{
    /// <summary>Asks, and waits.</summary>
    /// <param name="who">Who is asked.</param>
    /// <param name="limit">How long.</param>
    /// <param name="changes">Whether something is changed by asking.</param>
    /// <param name="ask">Asks.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Of whoever gives the command.</param>
    /// <exception cref="ServerAwayException">No answer came.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async Task<T> WaitAsync<T>(string who, TimeSpan limit, bool changes, Func<CancellationToken, Task<T>> ask, TimeProvider time, CancellationToken cancellation)
    {
        using CancellationTokenSource patience = new(limit, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            return await ask(either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ServerAwayException($"{who} gave no answer in {limit.TotalSeconds} s{(changes ? ": look whether it was done" : "")}");
        }
    }
}
