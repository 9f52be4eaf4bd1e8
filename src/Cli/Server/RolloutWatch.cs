using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Fota.Cli.Server;

/// <summary>A rollout as it changes. A server, or what stands before it, that is away for a while ends nothing.</summary>
/// <param name="ask">Asks for the rollout.</param>
/// <param name="every">How often.</param>
/// <param name="time">The clock.</param>
internal sealed class RolloutWatch(Func<CancellationToken, Task<JsonElement>> ask, TimeSpan every, TimeProvider time)
{
    /// <summary>So long a server may be away: a restart, a failover, a change of its proxy.</summary>
    public static readonly TimeSpan MostAway = TimeSpan.FromMinutes(10);

    /// <summary>The rollout, whenever it is otherwise than before, to its end.</summary>
    /// <param name="first">As it is now.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ServerAwayException">The server was away for too long; or <see cref="HttpRequestException"/>.</exception>
    public async IAsyncEnumerable<JsonElement> ChangesAsync(JsonElement first, [EnumeratorCancellation] CancellationToken cancellation)
    {
        yield return first;
        JsonElement last = first;
        long heard = time.GetTimestamp();
        while (!RolloutProgress.IsOver(last))
        {
            await Task.Delay(every, time, cancellation);
            JsonElement now;
            try
            {
                now = await ask(cancellation);
                heard = time.GetTimestamp();
            }
            catch (Exception e) when (e is HttpRequestException or ServerAwayException && time.GetElapsedTime(heard) < MostAway)
            {
                continue;
            }

            if (!JsonElement.DeepEquals(now, last))
            {
                yield return last = now;
            }
        }
    }
}
