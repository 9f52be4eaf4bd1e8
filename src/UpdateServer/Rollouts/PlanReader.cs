using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fota.Manifest;

namespace Fota.UpdateServer.Rollouts;

/// <summary>Makes a plan of what people wrote. Whatever is out of range, contradicts itself or is unknown is refused; what is missing never means less than what its clause says.</summary>
internal static class PlanReader
{
    public const string Join = "join", Leave = "leave", TimeFormat = "HH:mm";

    /// <summary>By <see cref="DayOfWeek"/>.</summary>
    public static readonly ImmutableArray<string> Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    private const int MaxMinutes = 525_600, MaxRetries = 10, MaxWindows = 32, MaxPassThrough = 16;

    /// <summary>Reads one.</summary>
    /// <param name="document">What was written.</param>
    /// <param name="id">The rollout's id.</param>
    /// <param name="key">The key of its memberships.</param>
    /// <param name="find">Gives a listed release, or throws.</param>
    /// <exception cref="RejectedException">It is not a plan.</exception>
    public static RolloutPlan Read(PlanDocument document, string id, ReadOnlyMemory<byte> key, Func<ProductName, ReleaseVersion, PlannedRelease> find)
    {
        ProductName product = ProductName.Parse(document.Product);
        ReleaseVersion version = ReleaseVersion.Parse(document.Version);
        ReleaseVersion[] way = [.. ReadWay(document, version)];
        RolloutPlan plan = new()
        {
            Id = id,
            Product = product,
            Version = version,
            TargetPath = "",
            ManifestDigest = Sha256Digest.Of([]),
            SecurityVersion = default,
            Stages = StageReader.Read(document.Stages),
            AbortAfterFailures = Demand.AtLeastOne(document.AbortAfterFailures, "abort_after_failures"),
            Key = key,
            AbortAbovePercent = Demand.Within(document.AbortAbovePercent, 1, 99, "abort_above_percent"),
            Filter = StageReader.ReadFilter(document.Filter, "filter"),
            Timeout = Demand.Minutes(document.TimeoutMinutes, 1, MaxMinutes, "timeout_minutes"),
            Windows = document.Windows is null ? null : ReadWindows(document.Windows),
            Retries = ReadRetries(document.Retries),
            TakesNewcomers = document.Newcomers switch { null or Join => true, Leave => false, _ => throw Demand.Wrong("newcomers", $"{Join} or {Leave}", document.Newcomers) },
            AcceptsReported = document.AcceptReported ?? false,
        };

        // What is wrong with the text is said before what is wrong with the world.
        PlannedRelease release = RequireDigest(find(product, version), document.ManifestDigest);
        return plan with
        {
            TargetPath = release.TargetPath,
            ManifestDigest = release.ManifestDigest,
            SecurityVersion = release.SecurityVersion,
            PassThrough = [.. way.Select((v, i) => RequireDigest(find(product, v), document.PassThrough![i].ManifestDigest))],
        };
    }

    /// <summary>The names of <paramref name="strata"/>, in one order.</summary>
    public static IEnumerable<string> NamesOf(Strata strata)
    {
        if (strata.HasFlag(Strata.Site))
        {
            yield return "site";
        }

        if (strata.HasFlag(Strata.Hardware))
        {
            yield return "hardware";
        }
    }

    private static PlannedRelease RequireDigest(PlannedRelease release, string? wanted) => wanted is null || Sha256Digest.Parse(wanted) == release.ManifestDigest
        ? release
        : throw new RejectedException(RejectionReason.DigestMismatch, $"manifest_digest: wanted that of {release.Version} as it is listed, {release.ManifestDigest}, got {wanted}");

    private static IEnumerable<ReleaseVersion> ReadWay(PlanDocument document, ReleaseVersion version)
    {
        ReleaseVersion? before = null;
        foreach (PassThroughDocument? release in Demand.AtMost(document.PassThrough ?? [], MaxPassThrough, "pass_through"))
        {
            ReleaseVersion next = ReleaseVersion.Parse(release?.Version ?? throw Demand.Wrong("pass_through", "releases", "null"));
            yield return next < version && (before is null || next > before)
                ? before = next
                : throw Demand.Wrong("pass_through", $"versions below {version}, each above the one before", next);
        }
    }

    private static MaintenanceWindows ReadWindows(WindowsDocument windows) => windows.Times.Count == 0
        ? throw Demand.Wrong("windows.times", "at least one", 0)
        : new MaintenanceWindows([.. Demand.AtMost(windows.Times, MaxWindows, "windows.times").Select(ReadWindow)]) { DefaultZone = windows.TimeZone is null ? null : ZoneOf(windows.TimeZone, "windows.time_zone") };

    /// <summary>A time zone by its name in the IANA database.</summary>
    /// <exception cref="RejectedException">There is none of this name.</exception>
    public static TimeZoneInfo ZoneOf(string name, string what) => TryFindZone(name, out TimeZoneInfo? zone) ? zone : throw Demand.Wrong(what, "a time zone of the IANA database, like Europe/Zurich", name);

    // The database is files: only what can be a name of it is looked for.
    private static bool TryFindZone(string name, [NotNullWhen(true)] out TimeZoneInfo? zone)
    {
        zone = null;
        return name.Length is > 0 and <= 64 && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '-' or '+') && TimeZoneInfo.TryFindSystemTimeZoneById(name, out zone);
    }

    private static MaintenanceWindow ReadWindow(WindowDocument? window)
    {
        if (window is null || window.Days?.Count == 0 || window.Days?.Any(static d => !Days.Contains(d, StringComparer.Ordinal)) == true)
        {
            throw Demand.Wrong("windows.times", $"days of {string.Join(", ", Days)}", window?.Days is null ? "null" : string.Join(", ", window.Days));
        }

        return new MaintenanceWindow([.. (window.Days ?? Days).Select(static d => (DayOfWeek)Days.IndexOf(d, StringComparer.Ordinal))], TimeOf(window.From), TimeOf(window.To));
    }

    private static TimeOnly TimeOf(string text) => TimeOnly.TryParseExact(text, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out TimeOnly time)
        ? time
        : throw Demand.Wrong("windows.times", "times like 02:30", text);

    private static ImmutableSortedDictionary<RejectionReason, int> ReadRetries(IReadOnlyDictionary<string, int>? retries) => (retries ?? ImmutableDictionary<string, int>.Empty).ToImmutableSortedDictionary(
        static r => Enum.TryParse(r.Key, out RejectionReason reason) && reason.ToString() == r.Key ? reason : throw Demand.Wrong("retries", "names of reasons", r.Key),
        static r => Demand.Within(r.Value, 1, MaxRetries, "retries")!.Value);
}
