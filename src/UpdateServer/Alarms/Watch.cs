using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Alarms;

/// <summary>A time in which some server judged alarms without a break, and could hear devices.</summary>
/// <param name="Begun">Its beginning.</param>
/// <param name="Ended">When somebody judged last.</param>
internal sealed record Watch(DateTimeOffset Begun, DateTimeOffset Ended)
{
    /// <summary>The watch that goes on or begins by judging now; null where another server did so within <see cref="Absence.Grain"/>.</summary>
    /// <param name="watches">All of before, in the order of their beginnings.</param>
    /// <param name="now">The moment.</param>
    public static Watch? Next(IReadOnlyList<Watch> watches, DateTimeOffset now) =>
        watches.Count == 0 || now - watches[^1].Ended > Absence.Longest ? new Watch(now, now)
        : now - watches[^1].Ended < Absence.Grain ? null
        : watches[^1] with { Ended = now };

    /// <summary>How much of the time since a moment somebody was there.</summary>
    /// <param name="watches">In the order of their beginnings; those of two servers may overlap.</param>
    /// <param name="since">The moment.</param>
    /// <param name="now">The end.</param>
    public static TimeSpan Since(IReadOnlyList<Watch> watches, DateTimeOffset since, DateTimeOffset now)
    {
        TimeSpan sum = TimeSpan.Zero;
        DateTimeOffset counted = since;
        foreach (Watch watch in watches)
        {
            DateTimeOffset from = watch.Begun > counted ? watch.Begun : counted, to = watch.Ended < now ? watch.Ended : now;
            if (to > from)
            {
                sum += to - from;
                counted = to;
            }
        }

        return sum;
    }
}
