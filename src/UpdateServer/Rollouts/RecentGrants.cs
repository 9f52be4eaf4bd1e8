using System.Collections.Immutable;

namespace Fota.UpdateServer.Rollouts;

/// <summary>When the grants of the last <see cref="GrantRate.Window"/> were given, so that any minute can be held against the rate.</summary>
internal sealed class RecentGrants
{
    public static readonly RecentGrants None = new([], 0);

    private readonly ImmutableQueue<DateTimeOffset> _times;

    private RecentGrants(ImmutableQueue<DateTimeOffset> times, int count)
    {
        _times = times;
        Count = count;
    }

    public int Count { get; }

    /// <summary>Those of <paramref name="times"/> that are recent at <paramref name="now"/>.</summary>
    public static RecentGrants Of(IEnumerable<DateTimeOffset> times, DateTimeOffset now) =>
        times.Where(t => !IsPast(t, now)).Order().Aggregate(None, static (grants, time) => new RecentGrants(grants._times.Enqueue(time), grants.Count + 1));

    /// <summary>Those that are recent at <paramref name="now"/>.</summary>
    public RecentGrants At(DateTimeOffset now)
    {
        ImmutableQueue<DateTimeOffset> times = _times;
        int count = Count;
        while (count > 0 && IsPast(times.Peek(), now))
        {
            times = times.Dequeue();
            count--;
        }

        return count == Count ? this : new RecentGrants(times, count);
    }

    /// <summary>These and one more.</summary>
    public RecentGrants And(DateTimeOffset now)
    {
        RecentGrants recent = At(now);
        return new RecentGrants(recent._times.Enqueue(now), recent.Count + 1);
    }

    // Written so that the beginning of time, which stands for "never", does not overflow.
    private static bool IsPast(DateTimeOffset time, DateTimeOffset now) => now - time >= GrantRate.Window;
}
