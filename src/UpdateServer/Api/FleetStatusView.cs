using Fota.Manifest;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Api;

/// <summary>How a fleet is, at one look: per product, in numbers.</summary>
internal sealed record FleetStatusView(DateTimeOffset At, IReadOnlyList<ProductStatusView> Products)
{
    /// <param name="devices">Those that whoever asks may see.</param>
    /// <param name="rollouts">Those that whoever asks may see.</param>
    /// <param name="now">When it is asked.</param>
    public static FleetStatusView Of(IEnumerable<DeviceRecord> devices, IEnumerable<RolloutState> rollouts, DateTimeOffset now)
    {
        ILookup<ProductName, RolloutState> active = rollouts.Where(static r => r.IsActive).ToLookup(static r => r.Plan.Product);
        return new FleetStatusView(now, [.. devices.GroupBy(static d => d.Product)
            .Select(product => ProductStatusView.Of(product.Key, [.. product], active[product.Key].FirstOrDefault(), now))
            .OrderBy(static p => p.Product, StringComparer.Ordinal)]);
    }
}

/// <summary>One product of a fleet.</summary>
/// <param name="Product">Which.</param>
/// <param name="Devices">How many devices have ever checked in.</param>
/// <param name="Versions">How many run which release, the most common first.</param>
/// <param name="States">How many said what last.</param>
/// <param name="Seen">Since when how many were not heard of.</param>
/// <param name="Rollout">The one that is under way; null for none.</param>
internal sealed record ProductStatusView(string Product, int Devices, IReadOnlyList<CountView> Versions, IReadOnlyList<CountView> States, SeenView Seen, RolloutProgressView? Rollout)
{
    public static ProductStatusView Of(ProductName product, IReadOnlyCollection<DeviceRecord> devices, RolloutState? rollout, DateTimeOffset now) => new(
        product.ToString(),
        devices.Count,
        CountView.Of(devices.Select(static d => d.Version.ToString())),
        CountView.Of(devices.Select(static d => FleetEndpoints.NameOf(d.State))),
        SeenView.Of(devices, now),
        rollout is null ? null : RolloutProgressView.Of(rollout));
}

/// <summary>How many are the same.</summary>
internal sealed record CountView(string Name, int Devices)
{
    public static IReadOnlyList<CountView> Of(IEnumerable<string> names) =>
        [.. names.GroupBy(static n => n, StringComparer.Ordinal).Select(static g => new CountView(g.Key, g.Count())).OrderByDescending(static c => c.Devices).ThenBy(static c => c.Name, StringComparer.Ordinal)];
}

/// <summary>How many devices were heard of last within an hour, a day, a week, and longer ago; each is counted once.</summary>
internal sealed record SeenView(int WithinHour, int WithinDay, int WithinWeek, int Longer)
{
    public static SeenView Of(IEnumerable<DeviceRecord> devices, DateTimeOffset now)
    {
        int[] counts = new int[4];
        foreach (DeviceRecord device in devices)
        {
            TimeSpan silence = now - device.LastSeen;
            counts[silence <= TimeSpan.FromHours(1) ? 0 : silence <= TimeSpan.FromDays(1) ? 1 : silence <= TimeSpan.FromDays(7) ? 2 : 3]++;
        }

        return new SeenView(counts[0], counts[1], counts[2], counts[3]);
    }
}

/// <summary>How far a rollout is, over all its stages: of all its devices, as the counts of the rollout itself are.</summary>
internal sealed record RolloutProgressView(string Id, string Version, string State, string? Stage, int Members, int InFlight, int Succeeded, int Failed)
{
    public static RolloutProgressView Of(RolloutState r)
    {
        Tally all = r.All.Both;
        return new(r.Plan.Id, r.Plan.Version.ToString(), r.Status.ToString().ToLowerInvariant(), r.Stage < 0 ? null : r.Plan.Stages[r.Stage].Name, all.Members, all.InFlight, all.Succeeded, all.Failed);
    }
}
