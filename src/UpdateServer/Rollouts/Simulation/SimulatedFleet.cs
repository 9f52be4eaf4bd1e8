using System.Globalization;
using Fota.Manifest;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Rollouts.Simulation;

/// <summary>Devices that do not exist, at sites that do not exist.</summary>
internal sealed class SimulatedFleet : IFleet
{
    private readonly Dictionary<DeviceId, int> _places = [];
    private readonly FleetDevice[] _devices;

    /// <summary>Makes <paramref name="count"/> devices of which <paramref name="plan"/> means every one: what its filters ask for, each of them has.</summary>
    public SimulatedFleet(RolloutPlan plan, int count, Evidence evidence, SeededChance chance)
    {
        // All run one version, the oldest that the plan means: they go the whole way.
        ReleaseVersion version = plan.Filter.VersionFrom ?? ReleaseVersion.Parse("0.0.1");
        string[] sites = Names(plan, static f => f.Sites, "site"), revisions = Names(plan, static f => f.Hardware, "rev");
        _devices = [.. Enumerable.Range(0, count).Select(i => new FleetDevice(DeviceId.Parse(string.Create(CultureInfo.InvariantCulture, $"d{i:d6}")), null)
        {
            Version = version,
            Floor = plan.Filter.FloorFrom ?? default,
            Site = sites[(int)(chance.Share() * chance.Share() * sites.Length)], // some sites are large
            Hardware = revisions[chance.Below(revisions.Length)],
            Tags = [.. plan.Filter.Tags, .. plan.Stages.SelectMany(static s => s.Filter.Tags)],
            TimeZone = plan.Windows?.DefaultZone ?? TimeZoneInfo.Utc,
            Evidence = evidence,
        })];
        for (int i = 0; i < count; i++)
        {
            _places[_devices[i].Device] = i;
        }
    }

    public IEnumerable<FleetDevice> Devices => _devices;

    public int Count => _devices.Length;

    public FleetDevice this[int place]
    {
        get => _devices[place];
        set => _devices[place] = value;
    }

    public FleetDevice? Find(DeviceId device) => _places.TryGetValue(device, out int place) ? _devices[place] : null;

    private static string[] Names(RolloutPlan plan, Func<DeviceFilter, IEnumerable<string>> named, string prefix)
    {
        string[] meant = [.. named(plan.Filter)];
        string[] names = [.. plan.Stages.SelectMany(s => named(s.Filter)).Distinct(StringComparer.Ordinal)];
        return meant.Length > 0 ? meant : names.Length > 0 ? [.. names, $"{prefix}-1"] : [.. Enumerable.Range(1, 5).Select(i => $"{prefix}-{i}")];
    }
}
