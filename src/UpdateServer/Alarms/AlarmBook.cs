using System.Collections.Concurrent;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Alarms;

/// <summary>What this server saw that no report tells the store of: it is judged once a minute, and costs requests nothing.</summary>
/// <param name="store">Has the alarms that last: nothing of what is so already is remembered here.</param>
/// <param name="revocations">Who is shut out.</param>
/// <param name="settings">When something is an alarm.</param>
/// <param name="signing">How far the log is signed for.</param>
/// <param name="server">This server's own name.</param>
internal sealed class AlarmBook(IAlarmStore store, DeviceRevocations revocations, AlarmSettings settings, LogSigning signing, string server)
{
    private const int MaxConflicts = 10_000;

    /// <summary>Most changes of one transaction: whoever enters something into the log waits for its end.</summary>
    private const int MostAtOnce = 200;

    private readonly ConcurrentDictionary<string, (DeviceRecord Device, DateTimeOffset At)> _conflicts = new(StringComparer.Ordinal);
    private readonly RefusalWindow _refusals = new(settings.Refusals);
    private readonly string _self = AlarmChange.ServerOf(server);

    /// <summary>A request was refused.</summary>
    public void Refused(DateTimeOffset now) => _refusals.Add(now);

    /// <summary>Two reports of one place were signed by one key.</summary>
    public void Conflict(DeviceRecord device, DateTimeOffset now)
    {
        if (_conflicts.Count < MaxConflicts)
        {
            _conflicts[device.Device.ToString()] = (device, now);
        }
    }

    /// <summary>Raises and clears what is due. Several servers may do so: what is so already is no news.</summary>
    /// <exception cref="StoreUnavailableException">The store is away; what was seen is kept for the next time.</exception>
    public void Judge(IEnumerable<DeviceRecord> devices, IReadOnlyCollection<RolloutState> rollouts, DateTimeOffset now)
    {
        HashSet<DeviceId> shutOut = [.. revocations.All.Where(static r => r.Key is null).Select(static r => r.Device)];
        Dictionary<string, DeviceRecord> heard = devices.Where(d => !shutOut.Contains(d.Device)).ToDictionary(static d => d.Device.ToString(), StringComparer.Ordinal);
        KeyValuePair<string, (DeviceRecord Device, DateTimeOffset At)>[] conflicts = [.. _conflicts];
        IReadOnlyList<Watch> watches = KeepWatch(now);
        IReadOnlyList<Alarm> open = store.Open();
        AlarmChange[] changes =
        [
            .. AlarmRules.OfFleet(new AlarmFleet(heard, rollouts, TimeSpan.FromDays(settings.SilentDays), watches), open, now),
            .. conflicts.Select(static c => AlarmRules.OfConflict(c.Value.Device, c.Value.At)),
            .. OfRefusals(open, now),
            .. signing.Judge(open.FirstOrDefault(static a => a.Kind == AlarmKind.LogUnsigned), now),
        ];
        foreach (AlarmChange[] some in changes.Chunk(MostAtOnce))
        {
            store.Apply(some);
        }

        // Another report of such a kind may have come meanwhile: that one is for the next time.
        foreach (KeyValuePair<string, (DeviceRecord Device, DateTimeOffset At)> conflict in conflicts)
        {
            _conflicts.TryRemove(conflict);
        }
    }

    private IReadOnlyList<Watch> KeepWatch(DateTimeOffset now)
    {
        IReadOnlyList<Watch> watches = store.Watches();
        if (Watch.Next(watches, now) is not { } next)
        {
            return watches;
        }

        store.Keep(next);
        return [.. watches.Where(w => w.Begun != next.Begun), next];
    }

    /// <summary>While a burst lasts it is seen again each time, so that it ends by itself when nobody sees it any more, be it that this server is no more.</summary>
    private IEnumerable<AlarmChange> OfRefusals(IReadOnlyList<Alarm> open, DateTimeOffset now) =>
        _refusals.Burst(now, open.Any(a => a.Kind == AlarmKind.RefusalBurst && a.Subject == _self)) is { } count
            ? [new AlarmChange(AlarmKind.RefusalBurst, _self, now, true, $"{count} requests were refused in {RefusalWindow.Minutes} minutes by one server")]
            : [];
}
