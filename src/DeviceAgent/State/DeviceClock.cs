using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.State;

/// <summary>
/// Time on a device whose clock may be dead, slow, fast or set by an attacker (docs/spec/time.md). Time is never taken as earlier than the agent's build, the
/// latest update start by which metadata was accepted, or the last boot. What is remembered never lies behind the expiry of the newest accepted
/// timestamp: metadata of today is accepted by it, so a clock that once ran ahead cannot lock the device out. Not for use by several threads at once,
/// but for reading.
/// </summary>
internal sealed class DeviceClock
{
    private const string FileName = "state/time.json";

    // A device that is switched on, or asks, every few minutes does not write every time.
    private static readonly TimeSpan s_worthRemembering = TimeSpan.FromHours(1);

    private readonly IDurableStore _store;
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _built;
    private Remembered _stored;
    private volatile Remembered _remembered;

    /// <summary>Reads what the device remembers.</summary>
    /// <param name="store">Where it does.</param>
    /// <param name="time">The clock of the hardware, which nobody vouches for.</param>
    /// <param name="built">When the agent was built.</param>
    /// <exception cref="DeviceStateException">What is remembered is unreadable.</exception>
    public DeviceClock(IDurableStore store, TimeProvider time, DateTimeOffset built)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(time);
        _store = store;
        _time = time;
        _built = built;
        _remembered = _stored = Read(store);
    }

    /// <summary>The clock of a device whose agent this is.</summary>
    /// <exception cref="DeviceStateException">What is remembered is unreadable.</exception>
    public static DeviceClock Open(IDurableStore store, TimeProvider time) => new(store, time, BuildTime.Value);

    /// <summary>Before this it is not.</summary>
    public DateTimeOffset Floor => Later(_built, _remembered.Floor);

    /// <summary>The hardware's time, but not before <see cref="Floor"/>: what expiries are judged by.</summary>
    public DateTimeOffset Now => Later(_time.GetUtcNow(), Floor);

    /// <summary>
    /// <see cref="Now"/> as far as accepted metadata makes it plausible: a clock that runs ahead counts up to the expiry of the newest accepted timestamp. What is
    /// remembered over a boot, and what a server's certificate is judged by.
    /// </summary>
    public DateTimeOffset Vouched
    {
        get
        {
            DateTimeOffset now = _time.GetUtcNow(), until = _remembered.Until;
            return Later(Floor, now < until ? now : until);
        }
    }

    /// <summary>The hardware's time where it is plausible; null where the clock is dead, slow, or further ahead than accepted metadata reaches.</summary>
    public DateTimeOffset? Plausible
    {
        get
        {
            DateTimeOffset now = _time.GetUtcNow();
            return now >= Floor && now <= _remembered.Until ? now : null;
        }
    }

    /// <summary>Whether the hardware's time is before <see cref="Floor"/>: it is dead, slow, or was set back, and <see cref="Now"/> stands still.</summary>
    public bool IsBehind => _time.GetUtcNow() < Floor;

    /// <summary>Whether a timestamp was ever accepted.</summary>
    public bool HasAccepted => _remembered.Until > DateTimeOffset.UnixEpoch;

    /// <summary>Whether the newest accepted timestamp is not expired.</summary>
    public bool IsMetadataFresh => Now < _remembered.Until;

    /// <summary>Remembers the time of this boot, as far as it is vouched for.</summary>
    public void RememberBoot()
    {
        Accepted(Vouched, _remembered.Until);
    }

    /// <summary>Metadata was accepted.</summary>
    /// <param name="start">The update start time by which it was.</param>
    /// <param name="until">When the accepted timestamp expires.</param>
    internal void Accepted(DateTimeOffset start, DateTimeOffset until)
    {
        Remembered next = new(Later(_remembered.Floor, start), Later(_remembered.Until, until));
        if (next.Until > _stored.Until || next.Floor - _stored.Floor >= s_worthRemembering)
        {
            Store(next);
        }

        _remembered = next;
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private static Remembered Read(IDurableStore store) => store.Read(FileName) is null
        ? new Remembered(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch)
        : StoredJson.Read(store, FileName, static json => new Remembered(
            DateTimeOffset.FromUnixTimeSeconds(json.GetProperty("floor").GetInt64()),
            DateTimeOffset.FromUnixTimeSeconds(json.GetProperty("until").GetInt64())));

    private void Store(Remembered next)
    {
        _store.Replace(FileName, StoredJson.Write(json =>
        {
            json.WriteNumber("floor", next.Floor.ToUnixTimeSeconds());
            json.WriteNumber("until", next.Until.ToUnixTimeSeconds());
        }));
        _stored = next;
    }

    private sealed record Remembered(DateTimeOffset Floor, DateTimeOffset Until);
}
