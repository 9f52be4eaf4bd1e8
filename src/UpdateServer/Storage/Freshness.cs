namespace Fota.UpdateServer.Storage;

/// <summary>
/// How long a server may answer from its memory alone: one rule for everything that it remembers of a store. Where others change the store as well, it has to have heard from the
/// store a short while ago, for the very memory that it answers from: one that is cut off, or was frozen and goes on, would hand out for ever what was withdrawn elsewhere.
/// </summary>
internal sealed class FreshnessRule
{
    /// <summary>So long after the store was heard, where others change it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly TimeProvider _time;
    private readonly TimeSpan _patience;

    private FreshnessRule(TimeProvider time, TimeSpan patience) => (_time, _patience) = (time, patience);

    /// <summary>For a store that nobody else changes.</summary>
    public static FreshnessRule Alone(TimeProvider time) => new(time, Timeout.InfiniteTimeSpan);

    /// <summary>For a store that several servers share.</summary>
    public static FreshnessRule Shared(TimeProvider time) => new(time, Patience);

    /// <summary>For one memory, which is empty yet.</summary>
    public Freshness Begin() => new(_time, _patience);
}

/// <summary>When one memory was last known to be what the store holds. Asking takes no lock.</summary>
internal sealed class Freshness(TimeProvider time, TimeSpan patience)
{
    private const long Never = -1;

    private long _heard = Never;

    public bool IsFresh => Volatile.Read(ref _heard) is var heard and not Never && (patience == Timeout.InfiniteTimeSpan || time.GetElapsedTime(heard) < patience);

    /// <summary>The moment, to be taken before the store is asked: a server that is frozen over the answer does not take it for new when it goes on.</summary>
    public long Ask() => time.GetTimestamp();

    /// <summary>The memory is what the store held at <paramref name="asked"/>, or later.</summary>
    public void Heard(long asked)
    {
        for (long before = Volatile.Read(ref _heard), found; before < asked; before = found)
        {
            if ((found = Interlocked.CompareExchange(ref _heard, asked, before)) == before)
            {
                return;
            }
        }
    }

    /// <summary>Nobody knows any more whether the memory is what the store holds.</summary>
    public void Forget() => Volatile.Write(ref _heard, Never);
}
