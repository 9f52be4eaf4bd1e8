namespace Fota.UpdateServer.Alarms;

/// <summary>How many requests were refused in the newest minutes, by whole minutes: a burst begins at a number, and is over at half of it.</summary>
internal sealed class RefusalWindow(int threshold)
{
    private const int Minutes = 5;

    private readonly int[] _counts = new int[Minutes];
    private readonly Lock _gate = new();
    private long _newest;
    private bool _isBurst;

    /// <summary>A request was refused.</summary>
    public void Add(DateTimeOffset now)
    {
        lock (_gate)
        {
            Turn(now);
            _counts[_newest % Minutes]++;
        }
    }

    /// <summary>Whether a burst begins or ends now; null for neither.</summary>
    public AlarmChange? Judge(DateTimeOffset now)
    {
        lock (_gate)
        {
            Turn(now);
            int count = _counts.Sum();
            bool isBurst = threshold > 0 && (_isBurst ? count > threshold / 2 : count >= threshold);
            if (isBurst == _isBurst)
            {
                return null;
            }

            _isBurst = isBurst;
            return new AlarmChange(AlarmKind.RefusalBurst, AlarmChange.Server, now, isBurst, $"{count} requests were refused in {Minutes} minutes by one server") { Level = isBurst ? 0 : long.MaxValue };
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
