using System.Collections.Immutable;
using System.Globalization;
using Fota.Manifest;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Rollouts.Simulation;

/// <summary>Devices that do not exist, at sites that do not exist.</summary>
internal sealed class SimulatedFleet : IFleet
{
    private static readonly ReleaseVersion s_oldest = ReleaseVersion.Parse("0.0.1");

    private readonly Dictionary<DeviceId, int> _places = [];
    private readonly FleetDevice[] _devices;

    /// <summary>
    /// Makes <paramref name="count"/> devices of which <paramref name="plan"/> means every one: what its filter asks for, each of them has. Each belongs to a stage, as many as that
    /// takes, and has what the filter of that stage asks for as well, as far as both can be had.
    /// </summary>
    public SimulatedFleet(RolloutPlan plan, int count, Evidence evidence, SeededChance chance)
    {
        string[] sites = Names(plan, static f => f.Sites, "site"), revisions = Names(plan, static f => f.Hardware, "rev");
        DeviceFilter[] own = [.. FiltersOf(plan, count)];
        _devices = [.. own.Select((filter, i) => new FleetDevice(DeviceId.Parse(string.Create(CultureInfo.InvariantCulture, $"d{i:d6}")), null)
        {
            // The oldest version that is meant: they go the whole way.
            Version = Oldest(plan.Filter, filter),
            Floor = Lowest(plan.Filter, filter),
            Site = Pick(sites, filter.Sites, chance.Share() * chance.Share()), // some sites are large
            Hardware = Pick(revisions, filter.Hardware, chance.Share()),
            Tags = [.. plan.Filter.Tags, .. filter.Tags],
            TimeZone = plan.Windows?.DefaultZone ?? TimeZoneInfo.Utc,
            Evidence = evidence,
        })];
        for (int i = 0; i < count; i++)
        {
            _places[_devices[i].Device] = i;
        }
    }

    public IEnumerable<FleetDevice> Devices => _devices;

    public IReadOnlyCollection<DeviceId> ShutOut => [];

    public int Count => _devices.Length;

    public FleetDevice this[int place]
    {
        get => _devices[place];
        set => _devices[place] = value;
    }

    public FleetDevice? Find(DeviceId device) => _places.TryGetValue(device, out int place) ? _devices[place] : null;

    /// <summary>The filter of the stage that each device belongs to: the first stage has the first ones, and so on.</summary>
    private static IEnumerable<DeviceFilter> FiltersOf(RolloutPlan plan, int count)
    {
        int left = count;
        foreach (StagePlan stage in plan.Stages)
        {
            int size = stage.SizeOf(left, count);
            left -= size;
            for (int i = 0; i < size; i++)
            {
                yield return stage.Filter;
            }
        }

        for (; left > 0; left--)
        {
            yield return DeviceFilter.All;
        }
    }

    private static ReleaseVersion Oldest(DeviceFilter plan, DeviceFilter stage)
    {
        ReleaseVersion oldest = plan.VersionFrom ?? s_oldest;
        return stage.VersionFrom is { } from && from > oldest && (plan.VersionBelow is null || from < plan.VersionBelow) ? from : oldest;
    }

    private static SecurityVersion Lowest(DeviceFilter plan, DeviceFilter stage)
    {
        SecurityVersion lowest = plan.FloorFrom ?? default;
        return stage.FloorFrom is { } from && from > lowest && (plan.FloorBelow is not { } below || from < below) ? from : lowest;
    }

    private static string Pick(string[] names, ImmutableArray<string> wanted, double share)
    {
        string[] both = [.. names.Intersect(wanted, StringComparer.Ordinal)];
        names = both.Length > 0 ? both : names;
        return names[(int)(share * names.Length)];
    }

    private static string[] Names(RolloutPlan plan, Func<DeviceFilter, IEnumerable<string>> named, string prefix)
    {
        string[] meant = [.. named(plan.Filter)];
        string[] names = [.. plan.Stages.SelectMany(s => named(s.Filter)).Distinct(StringComparer.Ordinal)];
        return meant.Length > 0 ? meant : names.Length > 0 ? [.. names, $"{prefix}-1"] : [.. Enumerable.Range(1, 5).Select(i => $"{prefix}-{i}")];
    }
}
