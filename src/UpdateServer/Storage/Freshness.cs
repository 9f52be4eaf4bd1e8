namespace Fota.UpdateServer.Storage;

/// <summary>
/// How long a server may answer from its memory alone: one rule for everything that it remembers of a store. Where others change the store as well, it has to have heard from the
/// store a short while ago, for the very memory that it answers from: one that is cut off, or was frozen and goes on, would hand out for ever what was withdrawn elsewhere.
/// </summary>
internal sealed class FreshnessRule
{
    /// <summary>So long after the store was heard, where others change it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>So long whoever finds a memory too old waits for somebody else who reads it.</summary>
    public static readonly TimeSpan RenewalPatience = TimeSpan.FromSeconds(2);

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
    private Moment? _heard;

    public bool IsFresh => Volatile.Read(ref _heard) is { } heard && (patience == Timeout.InfiniteTimeSpan || heard.IsWithin(patience, time));

    /// <summary>The moment, to be taken before the store is asked: a server that is frozen over the answer does not take it for new when it goes on.</summary>
    public Moment Ask() => Moment.Now(time);

    /// <summary>The memory is what the store held at <paramref name="asked"/>, or later.</summary>
    public void Heard(Moment asked)
    {
        for (Moment? before = Volatile.Read(ref _heard), found; before is null || before.Timestamp < asked.Timestamp; before = found)
        {
            if (ReferenceEquals(found = Interlocked.CompareExchange(ref _heard, asked, before), before))
            {
                return;
            }
        }
    }

    /// <summary>Nobody knows any more whether the memory is what the store holds.</summary>
    public void Forget() => Volatile.Write(ref _heard, null);
}

/// <summary>A moment by both clocks of a machine: the one that nobody sets stands still while the machine is suspended, and the other one may be set.</summary>
/// <param name="Timestamp">Of <see cref="TimeProvider.GetTimestamp"/>.</param>
/// <param name="At">The time of day.</param>
internal sealed record Moment(long Timestamp, DateTimeOffset At)
{
    public static Moment Now(TimeProvider time) => new(time.GetTimestamp(), time.GetUtcNow());

    /// <summary>Whether less than <paramref name="span"/> has gone by since, as either clock has it. One that was set back has nobody know.</summary>
    public bool IsWithin(TimeSpan span, TimeProvider time) =>
        time.GetElapsedTime(Timestamp) < span && time.GetUtcNow() - At is var passed && passed >= TimeSpan.Zero && passed < span;
}
