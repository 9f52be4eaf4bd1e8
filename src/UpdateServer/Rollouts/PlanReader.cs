using System.Collections.Immutable;
using System.Globalization;
using Fota.Manifest;

namespace Fota.UpdateServer.Rollouts;

/// <summary>Makes a plan of its document.</summary>
internal static class PlanReader
{
    public const string Join = "join", Leave = "leave", TimeFormat = "HH:mm";

    /// <summary>By <see cref="DayOfWeek"/>.</summary>
    public static readonly ImmutableArray<string> Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    /// <summary>Reads what somebody wrote. Whatever is out of range, contradicts itself or is unknown is refused; what is missing never means less than what its clause says.</summary>
    /// <param name="document">What was written.</param>
    /// <param name="id">The rollout's id.</param>
    /// <param name="key">The key of its memberships.</param>
    /// <param name="find">Gives a listed release, or throws.</param>
    /// <exception cref="RejectedException">It is not a plan.</exception>
    public static RolloutPlan Read(PlanDocument document, string id, ReadOnlyMemory<byte> key, Func<ProductName, ReleaseVersion, PlannedRelease> find)
    {
        PlanRules.Require(document);
        return ReadStored(document, id, key, find);
    }

    /// <summary>Reads what was taken before, by its structure alone: rules that came later, or another machine, are no reason to forget a rollout that runs.</summary>
    public static RolloutPlan ReadStored(PlanDocument document, string id, ReadOnlyMemory<byte> key, Func<ProductName, ReleaseVersion, PlannedRelease> find)
    {
        ProductName product = ProductName.Parse(document.Product);
        ReleaseVersion version = ReleaseVersion.Parse(document.Version);
        PlannedRelease release = RequireDigest(find(product, version), document.ManifestDigest);
        return new RolloutPlan
        {
            Id = id,
            Product = product,
            Version = version,
            TargetPath = release.TargetPath,
            ManifestDigest = release.ManifestDigest,
            SecurityVersion = release.SecurityVersion,
            Stages = [.. document.Stages.Select(StageReader.Read)],
            AbortAfterFailures = document.AbortAfterFailures,
            Key = key,
            AbortAbovePercent = document.AbortAbovePercent,
            Filter = StageReader.ReadFilter(document.Filter),
            Timeout = document.TimeoutMinutes is { } minutes ? TimeSpan.FromMinutes(minutes) : null,
            Windows = document.Windows is null ? null : ReadWindows(document.Windows),
            Retries = (document.Retries ?? ImmutableDictionary<string, int>.Empty).ToImmutableSortedDictionary(static r => Enum.Parse<RejectionReason>(r.Key), static r => r.Value),
            PassThrough = [.. (document.PassThrough ?? []).Select(r => RequireDigest(find(product, ReleaseVersion.Parse(r.Version)), r.ManifestDigest))],
            TakesNewcomers = document.Newcomers != Leave,
            AcceptsReported = document.AcceptReported ?? false,
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

    private static MaintenanceWindows ReadWindows(WindowsDocument windows) => new([.. windows.Times.Select(ReadWindow)])
    {
        DefaultZone = TimeZones.Find(windows.TimeZone),
        ZoneName = windows.TimeZone,
    };

    private static MaintenanceWindow ReadWindow(WindowDocument window) => new(
        [.. (window.Days ?? Days).Select(static d => (DayOfWeek)Days.IndexOf(d, StringComparer.Ordinal))],
        TimeOnly.ParseExact(window.From, TimeFormat, CultureInfo.InvariantCulture),
        TimeOnly.ParseExact(window.To, TimeFormat, CultureInfo.InvariantCulture));
}
