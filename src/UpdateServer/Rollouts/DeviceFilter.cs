using System.Collections.Immutable;
using Fota.Manifest;

namespace Fota.UpdateServer.Rollouts;

/// <summary>Which devices of the product are meant. Every condition that is given has to hold; one about something that is not known of a device does not.</summary>
internal sealed record DeviceFilter
{
    /// <summary>Every device.</summary>
    public static DeviceFilter All { get; } = new();

    /// <summary>The lowest version that it may run; null for any.</summary>
    public ReleaseVersion? VersionFrom { get; init; }

    /// <summary>It runs a version below this one; null for any.</summary>
    public ReleaseVersion? VersionBelow { get; init; }

    /// <summary>It bears all of these.</summary>
    public ImmutableArray<string> Tags { get; init; } = [];

    /// <summary>It stands at one of these; empty for anywhere.</summary>
    public ImmutableArray<string> Sites { get; init; } = [];

    /// <summary>It is of one of these revisions; empty for any.</summary>
    public ImmutableArray<string> Hardware { get; init; } = [];

    /// <summary>The lowest security floor that it may have; null for any.</summary>
    public SecurityVersion? FloorFrom { get; init; }

    /// <summary>Its security floor is below this one; null for any.</summary>
    public SecurityVersion? FloorBelow { get; init; }

    /// <summary>Whether <paramref name="device"/> is meant.</summary>
    public bool Matches(FleetDevice device) =>
        (VersionFrom is null || device.Version?.CompareTo(VersionFrom) >= 0)
        && (VersionBelow is null || device.Version?.CompareTo(VersionBelow) < 0)
        && Tags.All(device.Tags.Contains)
        && IsOneOf(device.Site, Sites)
        && IsOneOf(device.Hardware, Hardware)
        && (FloorFrom is not { } from || device.Floor >= from)
        && (FloorBelow is not { } below || device.Floor < below);

    /// <summary>Whether both ask for the same, in the same words.</summary>
    public bool Equals(DeviceFilter? other) => other is not null
        && VersionFrom == other.VersionFrom
        && VersionBelow == other.VersionBelow
        && FloorFrom == other.FloorFrom
        && FloorBelow == other.FloorBelow
        && Tags.SequenceEqual(other.Tags, StringComparer.Ordinal)
        && Sites.SequenceEqual(other.Sites, StringComparer.Ordinal)
        && Hardware.SequenceEqual(other.Hardware, StringComparer.Ordinal);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(VersionFrom, VersionBelow, FloorFrom, FloorBelow, Tags.Length, Sites.Length, Hardware.Length);

    private static bool IsOneOf(string? value, ImmutableArray<string> wanted) => wanted.IsEmpty || (value is not null && wanted.Contains(value, StringComparer.Ordinal));
}
