using System.Collections.Immutable;
using Fota.Manifest;

namespace Fota.UpdateServer.Rollouts;

/// <summary>Time zones by their names in the IANA database, which this machine holds as files (Debian: tzdata).</summary>
internal static class TimeZones
{
    private const int MaxName = 64;

    // Of the database itself. Beside them lie files for other purposes, and names of countries that it keeps for old programs alone.
    private static readonly ImmutableArray<string> s_areas =
        ["Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Etc/", "Europe/", "Indian/", "Pacific/"];

    /// <summary>The zone of a name that somebody gives now: one with an area, or UTC.</summary>
    /// <exception cref="RejectedException">There is none of this name.</exception>
    public static TimeZoneInfo Require(string name, string what) => (name == "UTC" || s_areas.Any(area => name.StartsWith(area, StringComparison.Ordinal))) && Find(name) is { } zone
        ? zone
        : throw Demand.Wrong(what, "a time zone of the IANA database, like Europe/Zurich", name);

    /// <summary>The zone of a name that was stored; null for none, and for one that this machine does not have: that is no reason not to start.</summary>
    public static TimeZoneInfo? Find(string? name) =>

        // Only what can be a name of the database is looked for: it is files.
        name is { Length: > 0 and <= MaxName } && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '-' or '+') && TimeZoneInfo.TryFindSystemTimeZoneById(name, out TimeZoneInfo? zone)
            ? zone
            : null;
}
