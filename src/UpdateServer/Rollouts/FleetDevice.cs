using System.Collections.Immutable;
using Fota.Manifest;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Rollouts;

/// <summary>What stands behind a device's reports. The two never count for each other (promise P9).</summary>
internal enum Evidence
{
    /// <summary>The device's own key signs them.</summary>
    Signed = 0,

    /// <summary>Nothing does: what it says is reported, and never confirmed.</summary>
    Unsigned,
}

/// <summary>A device as a rollout sees it. What is not known of it matches no filter that asks for it.</summary>
/// <param name="Device">Which.</param>
/// <param name="ConfirmedDigest">The release it last said to run for good; null for none.</param>
internal sealed record FleetDevice(DeviceId Device, Sha256Digest? ConfirmedDigest)
{
    /// <summary>The version it last said to run; null for unknown.</summary>
    public ReleaseVersion? Version { get; init; }

    /// <summary>Its security floor, as it said itself.</summary>
    public SecurityVersion Floor { get; init; }

    /// <summary>Where it stands, as operators say; null for unknown.</summary>
    public string? Site { get; init; }

    /// <summary>Its hardware revision, as operators say; null for unknown.</summary>
    public string? Hardware { get; init; }

    /// <summary>Names that operators gave it.</summary>
    public ImmutableHashSet<string> Tags { get; init; } = [];

    /// <summary>The clock of its walls; null for unknown.</summary>
    public TimeZoneInfo? TimeZone { get; init; }

    /// <summary>Whether an administrator shut it out by its name: it cannot come.</summary>
    public bool IsShutOut { get; init; }

    /// <summary>What stands behind its reports.</summary>
    public Evidence Evidence { get; init; }

    /// <summary>When it was heard last, whatever it said.</summary>
    public DateTimeOffset LastSeen { get; init; }
}

/// <summary>All devices of a product, as they are at the moment of an event. All are read only when a stage begins.</summary>
internal interface IFleet
{
    /// <summary>All of them, in any order.</summary>
    IEnumerable<FleetDevice> Devices { get; }

    /// <summary>Names that administrators shut out, of whatever product: mostly few.</summary>
    IReadOnlyCollection<DeviceId> ShutOut { get; }

    /// <summary>One of them; null if there is none of this name.</summary>
    FleetDevice? Find(DeviceId device);
}
