using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.UpdateServer.Alarms;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Storage;

/// <summary>
/// Keeps devices, rollouts and what operators say of devices. Changes have numbers, and each is made by whoever knows all before it: several servers may do so over one
/// store, where the store can be shared.
/// </summary>
internal interface IFleetStore
{
    /// <summary>Everything, as of one moment.</summary>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    FleetNews Load();

    /// <summary>What changed after the change with this number, as of one moment.</summary>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    FleetNews ReadSince(long number);

    /// <summary>
    /// Makes one change, wholly or not at all, while no other server makes one. <paramref name="decide"/> is given what changed after <paramref name="known"/> and says what
    /// to store; null for nothing. It is asked again, from the beginning, when the store wants that: it changes nothing by itself.
    /// </summary>
    /// <returns>The number of the change; of the newest one that there was, when nothing was stored.</returns>
    /// <exception cref="StoreUnavailableException">The store is away; nothing was changed.</exception>
    /// <exception cref="StoreUncertainException">The connection was lost over the commit; nobody knows here whether it is stored.</exception>
    long Change(long known, Func<FleetNews, FleetChange?> decide);
}

/// <summary>What one event changes.</summary>
/// <param name="Device">The device's new record; null if none changed.</param>
/// <param name="Evidence">The signed report to keep; null if it is about no deployment.</param>
/// <param name="Rollouts">The rollouts that changed, and in them the members that did.</param>
internal sealed record FleetChange(DeviceRecord? Device, byte[]? Evidence, IReadOnlyList<RolloutStep> Rollouts)
{
    /// <summary>The digest of the report that the device's new record rests on; null where it rests on none.</summary>
    public Sha256Digest? Report { get; init; }

    /// <summary>Whether nothing was known of the device before.</summary>
    public bool IsFirst { get; init; }

    /// <summary>The key that the device had before, where this one is another.</summary>
    public KeyId? ReplacedKey { get; init; }

    /// <summary>The alarms that begin or end by it.</summary>
    public IReadOnlyList<AlarmChange> Alarms { get; init; } = [];

    /// <summary>What an operator says of a device now, and who; null if none said anything.</summary>
    public DeviceDescription? Description { get; init; }

    /// <summary>Devices that came with nothing new since the last time that this was written down.</summary>
    public IReadOnlyCollection<Sighting> Seen { get; init; } = [];
}

/// <summary>A report of a device that said what it had said before.</summary>
/// <param name="Device">Which.</param>
/// <param name="Key">The key that signed it.</param>
/// <param name="Ordinal">Its place in the order of that key.</param>
/// <param name="Nonce">The report's.</param>
/// <param name="At">When it came.</param>
internal sealed record Sighting(DeviceId Device, KeyId Key, long Ordinal, ReadOnlyMemory<byte> Nonce, DateTimeOffset At);

/// <summary>What changed, in the order of the changes.</summary>
/// <param name="Number">The number of the newest change.</param>
/// <param name="Devices">Records that are new or other.</param>
/// <param name="Traits">What operators say of devices, where that is new or other.</param>
/// <param name="Rollouts">Rollouts that are new or other, by their number.</param>
internal sealed record FleetNews(long Number, IReadOnlyList<DeviceRecord> Devices, IReadOnlyList<DeviceTraits> Traits, IReadOnlyList<RolloutNews> Rollouts)
{
    /// <summary>The publication in force at that moment (<see cref="Releases.Publication.Generation"/>).</summary>
    public required long Generation { get; init; }

    /// <summary>All names that are shut out at that moment; null where that is as it was.</summary>
    public IReadOnlyList<DeviceId>? ShutOut { get; init; }
}

/// <summary>A rollout that is new or other.</summary>
/// <param name="Head">The rollout, without members and what follows from them.</param>
/// <param name="Members">Those that are new or other.</param>
internal sealed record RolloutNews(RolloutState Head, IReadOnlyList<Member> Members);
