using System.Collections.Concurrent;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Rollouts;

/// <summary>Devices that came and said what they had said before, until that is written down. Held in memory alone: it goes with the server.</summary>
internal sealed class SightingBook
{
    private readonly ConcurrentDictionary<DeviceId, (DeviceRecord Said, Sighting Seen)> _pages = new();

    /// <summary>Everything that is not written down.</summary>
    public IReadOnlyList<Sighting> Pages => [.. _pages.Values.Select(static p => p.Seen)];

    /// <summary>Notes that a device was seen.</summary>
    /// <param name="said">What it had said before, and says again.</param>
    /// <param name="seen">The report.</param>
    public void Note(DeviceRecord said, Sighting seen) => _pages.AddOrUpdate(
        seen.Device,
        static (_, page) => page,
        static (_, old, page) => old.Seen.Key == page.Seen.Key && !IsLater(page.Seen, old.Seen.Ordinal, old.Seen.At) ? old : page,
        (Said: said, Seen: seen));

    /// <summary>What is known of a device, with what is noted here.</summary>
    public DeviceRecord Current(DeviceRecord record) => _pages.TryGetValue(record.Device, out (DeviceRecord Said, Sighting Seen) page) && IsNews(record, page) ? record.After(page.Seen) : record;

    /// <summary>What is to be written down of <paramref name="pages"/>: not that of a device which, as another server knows, has said something else since.</summary>
    public IReadOnlyList<Sighting> NewsOf(IEnumerable<Sighting> pages, FleetReplica replica) => [.. pages.Where(s =>
        _pages.TryGetValue(s.Device, out (DeviceRecord Said, Sighting Seen) page) && replica.Fleet.Devices.TryGetValue(s.Device, out DeviceRecord? record) && IsNews(record, (page.Said, s)))];

    /// <summary>Forgets what is written down, or is no news any more.</summary>
    public void Forget(IEnumerable<Sighting> pages)
    {
        foreach (Sighting seen in pages)
        {
            if (_pages.TryGetValue(seen.Device, out (DeviceRecord Said, Sighting Seen) page) && ReferenceEquals(page.Seen, seen))
            {
                _pages.TryRemove(KeyValuePair.Create(seen.Device, page));
            }
        }
    }

    private static bool IsNews(DeviceRecord record, (DeviceRecord Said, Sighting Seen) page) =>
        record.Key == page.Seen.Key && IsLater(page.Seen, record.Ordinal, record.LastSeen) && record.SaysTheSameAs(page.Said);

    // By the order of the reports; a device that came again without a further one (ADR 25) by the clock.
    private static bool IsLater(Sighting seen, long ordinal, DateTimeOffset at) => seen.Ordinal > ordinal || (seen.Ordinal == ordinal && seen.At > at);
}
