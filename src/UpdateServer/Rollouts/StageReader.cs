using Fota.Manifest;

namespace Fota.UpdateServer.Rollouts;

/// <summary>Reads the stages of a plan, and filters.</summary>
internal static class StageReader
{
    public static StagePlan Read(StageDocument stage) => new(stage.Name, stage.Count)
    {
        Percent = stage.Percent,
        Filter = ReadFilter(stage.Filter),
        Strata = (stage.Strata ?? []).Aggregate(Strata.None, static (strata, name) => strata | StrataOf(name)),
        Cap = stage.Cap,
        Rate = stage.GrantsPerMinute is { } perMinute ? ReadRate(perMinute, stage.Ramp) : null,
        Soak = TimeSpan.FromMinutes(stage.SoakMinutes ?? 0),
        MinimumSample = stage.MinimumSample,
        SuccessPercent = stage.SuccessPercent,
        AbortAfterFailures = stage.AbortAfterFailures,
        AbortAbovePercent = stage.AbortAbovePercent,
    };

    public static DeviceFilter ReadFilter(FilterDocument? filter) => filter is null ? DeviceFilter.All : new DeviceFilter
    {
        VersionFrom = filter.VersionFrom is null ? null : ReleaseVersion.Parse(filter.VersionFrom),
        VersionBelow = filter.VersionBelow is null ? null : ReleaseVersion.Parse(filter.VersionBelow),
        Tags = [.. filter.Tags ?? []],
        Sites = [.. filter.Sites ?? []],
        Hardware = [.. filter.Hardware ?? []],
        FloorFrom = filter.FloorFrom is { } from ? new SecurityVersion(from) : null,
        FloorBelow = filter.FloorBelow is { } below ? new SecurityVersion(below) : null,
    };

    /// <summary>The property of this name.</summary>
    /// <exception cref="RejectedException">There is none.</exception>
    public static Strata StrataOf(string name) => name switch { "site" => Strata.Site, "hardware" => Strata.Hardware, _ => throw Demand.Wrong("strata", "site and hardware", name) };

    private static GrantRate ReadRate(int perMinute, RampDocument? ramp) => ramp is null ? new GrantRate(perMinute) : new GrantRate(perMinute)
    {
        FactorPercent = ramp.FactorPercent,
        Every = TimeSpan.FromMinutes(ramp.EveryMinutes),
        UpTo = ramp.UpTo,
    };
}
