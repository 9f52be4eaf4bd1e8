using System.Collections.Concurrent;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Alarms;

/// <summary>What this server saw that no report tells the store of: it is judged once a minute, and costs requests nothing.</summary>
internal sealed class AlarmBook(IAlarmStore store, DeviceRevocations revocations, AlarmSettings settings)
{
    private const int MaxConflicts = 10_000;

    private readonly ConcurrentDictionary<string, (DeviceRecord Device, DateTimeOffset At)> _conflicts = new(StringComparer.Ordinal);
    private readonly RefusalWindow _refusals = new(settings.Refusals);

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
    /// <exception cref="StoreUnavailableException">The store is away; what was seen is kept for the next time, but for a burst of refusals, which begins again.</exception>
    public void Judge(IEnumerable<DeviceRecord> devices, DateTimeOffset now)
    {
        HashSet<DeviceId> shutOut = [.. revocations.All.Where(static r => r.Key is null).Select(static r => r.Device)];
        DeviceRecord[] heard = [.. devices.Where(d => !shutOut.Contains(d.Device))];
        List<AlarmChange> changes =
        [
            .. AlarmRules.OfFleet(heard, store.Open(), TimeSpan.FromDays(settings.SilentDays), name => _conflicts.TryGetValue(name, out (DeviceRecord Device, DateTimeOffset At) seen) ? seen.At : null, now),
            .. _conflicts.Values.Where(seen => now - seen.At <= AlarmRules.ConflictCalm).Select(static seen => AlarmRules.OfConflict(seen.Device, seen.At)),
        ];
        if (_refusals.Judge(now) is { } burst)
        {
            changes.Add(burst);
        }

        if (changes.Count > 0)
        {
            store.Apply(changes);
        }

        foreach ((string name, (DeviceRecord Device, DateTimeOffset At) seen) in _conflicts)
        {
            if (now - seen.At > AlarmRules.ConflictCalm)
            {
                _conflicts.TryRemove(KeyValuePair.Create(name, seen));
            }
        }
    }
}
