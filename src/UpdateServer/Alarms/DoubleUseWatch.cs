using System.Collections.Concurrent;
using Fota.Manifest.Keys;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Alarms;

/// <summary>
/// Finds out that two devices answer to one name: by a key's reports that go on counting although another is ahead, and by keys that take turns. In memory alone: whoever does so
/// does it again.
/// </summary>
internal sealed class DoubleUseWatch
{
    /// <summary>So long what was seen of a device is held against what comes later.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromDays(1);

    private const int MostDevices = 10_000;

    private readonly ConcurrentDictionary<DeviceId, Entry> _overtaken = new(), _replaced = new();

    /// <summary>Notes a verified report whose place had been passed already.</summary>
    /// <returns>
    /// Whether two devices have the key, or one was set back: one report may come late, and may come again; a device alone makes no further one before it knows what became of the last,
    /// so that of one device no two of growing places are late.
    /// </returns>
    public bool IsBehind(DeviceId device, KeyId key, long ordinal, DateTimeOffset now)
    {
        bool goesOn = _overtaken.TryGetValue(device, out Entry? before) && before.Key == key && now - before.At <= Memory && ordinal > before.Ordinal;
        Note(_overtaken, device, new Entry(key, before?.Key == key ? Math.Max(ordinal, before.Ordinal) : ordinal, now));
        return goesOn;
    }

    /// <summary>Notes that a device's reports are signed by another certified key than before.</summary>
    /// <returns>Whether that is the key which the one before had replaced: two devices bear the name.</returns>
    public bool TakesTurns(DeviceId device, KeyId old, KeyId key, DateTimeOffset now)
    {
        bool returns = _replaced.TryGetValue(device, out Entry? before) && before.Key == key && now - before.At <= Memory;
        Note(_replaced, device, new Entry(old, 0, now));
        return returns;
    }

    private static void Note(ConcurrentDictionary<DeviceId, Entry> seen, DeviceId device, Entry entry)
    {
        if (seen.Count >= MostDevices && !seen.ContainsKey(device))
        {
            foreach (KeyValuePair<DeviceId, Entry> old in seen.Where(e => entry.At - e.Value.At > Memory))
            {
                seen.TryRemove(old);
            }
        }

        if (seen.Count < MostDevices || seen.ContainsKey(device))
        {
            seen[device] = entry;
        }
    }

    /// <summary>What was seen of a device.</summary>
    private sealed record Entry(KeyId Key, long Ordinal, DateTimeOffset At);
}
