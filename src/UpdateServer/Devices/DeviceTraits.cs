using System.Collections.Immutable;
using Fota.Manifest;

namespace Fota.UpdateServer.Devices;

/// <summary>What operators say of a device; it says none of this itself.</summary>
/// <param name="Device">Which; it need not have checked in yet.</param>
internal sealed record DeviceTraits(DeviceId Device)
{
    /// <summary>Where it stands; null for unknown.</summary>
    public string? Site { get; init; }

    /// <summary>Its hardware revision; null for unknown.</summary>
    public string? Hardware { get; init; }

    /// <summary>The clock of its walls; null for unknown.</summary>
    public TimeZoneInfo? TimeZone { get; init; }

    /// <summary>What operators call <see cref="TimeZone"/>; null for unknown. A name that this machine has no zone for stays, and is as good as unknown.</summary>
    public string? ZoneName { get => field ?? TimeZone?.Id; init; }

    /// <summary>Of which product the name is, as an administrator said; null where nobody said, and it is of the product whose device checked in first.</summary>
    public ProductName? Product { get; init; }

    /// <summary>Names that it goes by in filters.</summary>
    public ImmutableHashSet<string> Tags { get; init; } = [];
}
