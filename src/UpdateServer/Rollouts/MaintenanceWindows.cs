using System.Collections.Immutable;

namespace Fota.UpdateServer.Rollouts;

/// <summary>When devices may be asked, by the clock of their own walls.</summary>
/// <param name="Times">One of these has to be open; at least one.</param>
internal sealed record MaintenanceWindows(ImmutableArray<MaintenanceWindow> Times)
{
    /// <summary>For devices whose time zone is not known; null: these are not asked at all.</summary>
    public TimeZoneInfo? DefaultZone { get; init; }

    /// <summary>What the plan calls <see cref="DefaultZone"/>; null for none. A name that this machine has no zone for stays, and opens nothing.</summary>
    public string? ZoneName { get => field ?? DefaultZone?.Id; init; }

    /// <summary>Whether <paramref name="device"/> may be asked at <paramref name="now"/>.</summary>
    public bool AreOpenFor(FleetDevice device, DateTimeOffset now)
    {
        if ((device.TimeZone ?? DefaultZone) is not { } zone)
        {
            return false;
        }

        // From an instant to the wall there is exactly one answer, also where the clock is put forward or back.
        DateTime wall = TimeZoneInfo.ConvertTime(now, zone).DateTime;
        return Times.Any(window => window.IsOpen(wall));
    }
}

/// <summary>
/// From one time of the day to another. What the clock skips when it is put forward does not open, and what it shows twice when it is put back opens twice.
/// </summary>
/// <param name="Days">The days on which it begins.</param>
/// <param name="From">The first moment that is inside.</param>
/// <param name="To">The first that is outside again; not later than <paramref name="From"/>: of the next day.</param>
internal sealed record MaintenanceWindow(ImmutableHashSet<DayOfWeek> Days, TimeOnly From, TimeOnly To)
{
    /// <summary>Whether it is open when the clock on the wall shows <paramref name="wall"/>.</summary>
    public bool IsOpen(DateTime wall)
    {
        TimeOnly time = TimeOnly.FromDateTime(wall);
        return From < To
            ? Days.Contains(wall.DayOfWeek) && time >= From && time < To
            : (Days.Contains(wall.DayOfWeek) && time >= From) || (Days.Contains(wall.AddDays(-1).DayOfWeek) && time < To);
    }
}
