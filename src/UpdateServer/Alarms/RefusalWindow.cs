namespace Fota.UpdateServer.Alarms;

/// <summary>How many requests were refused in the newest minutes, by whole minutes. Whether that is a burst is a function of the number, and of whether it was one: it is over at half.</summary>
internal sealed class RefusalWindow(int threshold)
{
    public const int Minutes = 5;

    private readonly int[] _counts = new int[Minutes];
    private readonly Lock _gate = new();
    private long _newest;

    /// <summary>A request was refused.</summary>
    public void Add(DateTimeOffset now)
    {
        lock (_gate)
        {
            Turn(now);
            _counts[_newest % Minutes]++;
        }
    }

    /// <summary>How many there are, if they are a burst; else null.</summary>
    /// <param name="now">The moment.</param>
    /// <param name="isBurst">Whether there is one already.</param>
    public int? Burst(DateTimeOffset now, bool isBurst)
    {
        lock (_gate)
        {
            Turn(now);
            int count = _counts.Sum();
            return threshold > 0 && (count >= threshold || (isBurst && count > threshold / 2)) ? count : null;
        }
    }

    private void Turn(DateTimeOffset now)
    {
        long minute = now.ToUnixTimeSeconds() / 60;
        for (; _newest < minute; _newest = Math.Max(_newest + 1, minute - Minutes))
        {
            _counts[(_newest + 1) % Minutes] = 0;
        }
    }
}
