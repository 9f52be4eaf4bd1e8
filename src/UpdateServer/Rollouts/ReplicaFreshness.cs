namespace Fota.UpdateServer.Rollouts;

/// <summary>
/// Whether a server may answer from its memory alone. Where others change the store as well, it has to have heard from the store a short while ago: one that is cut off
/// from it would hand out for ever what was withdrawn elsewhere.
/// </summary>
internal sealed class ReplicaFreshness(TimeProvider time, TimeSpan patience)
{
    /// <summary>So long after it heard from the store last.</summary>
    public static readonly TimeSpan Shared = TimeSpan.FromSeconds(10);

    private long _heard = time.GetTimestamp();

    /// <summary>For a store that nobody else changes.</summary>
    public static ReplicaFreshness Always(TimeProvider time) => new(time, Timeout.InfiniteTimeSpan);

    public bool IsFresh => patience == Timeout.InfiniteTimeSpan || time.GetElapsedTime(Volatile.Read(ref _heard)) < patience;

    /// <summary>The memory is what the store holds now.</summary>
    public void Heard() => Volatile.Write(ref _heard, time.GetTimestamp());
}
