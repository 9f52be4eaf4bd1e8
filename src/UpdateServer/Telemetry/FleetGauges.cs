using System.Diagnostics.Metrics;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Telemetry;

/// <summary>Numbers of fleet and rollouts as they are when somebody collects them; none while the store is away, as nobody knows them then. Each server has the whole fleet: they are the same at all of them, and not to be added up.</summary>
internal sealed class FleetGauges
{
    private readonly RolloutCoordinator _coordinator;

    public FleetGauges(ServerMetrics metrics, RolloutCoordinator coordinator)
    {
        _coordinator = coordinator;
        _ = metrics.Meter.CreateObservableGauge("fota.devices", Devices, "{device}", "Devices that ever checked in, by product.");
        _ = metrics.Meter.CreateObservableGauge("fota.rollout.members", Members, "{device}", "Members of the rollouts under way, by where they stand.");
        _ = metrics.Meter.CreateObservableGauge("fota.rollouts", Rollouts, "{rollout}", "Rollouts that are not over, by state.");
    }

    private IEnumerable<Measurement<int>> Devices() =>
        Now(static c => c.Devices).CountBy(static d => d.Product).Select(static p => new Measurement<int>(p.Value, new KeyValuePair<string, object?>("fota.product", p.Key.ToString())));

    private IEnumerable<Measurement<int>> Rollouts() =>
        Now(static c => c.Rollouts).Where(static r => !r.IsOver).CountBy(static r => r.Status).Select(static s => new Measurement<int>(s.Value, new KeyValuePair<string, object?>("fota.state", s.Key.ToString())));

    /// <summary>Whoever collects does not wait for the store.</summary>
    private IReadOnlyCollection<T> Now<T>(Func<RolloutCoordinator, IReadOnlyCollection<T>> read) => _coordinator.IsCurrent ? read(_coordinator) : [];

    private IEnumerable<Measurement<int>> Members()
    {
        foreach (RolloutState rollout in Now(static c => c.Rollouts).Where(static r => r.IsActive))
        {
            Tally all = rollout.All.Both;
            foreach ((string stands, int count) in ((string, int)[])[("waiting", all.Waiting), ("in_flight", all.InFlight), ("confirmed", all.Confirmed), ("reported", all.Reported), ("failed", all.Failed), ("silent", all.Silent), ("deferred", all.Deferred)])
            {
                yield return new Measurement<int>(count, new KeyValuePair<string, object?>("fota.rollout", rollout.Plan.Id), new KeyValuePair<string, object?>("fota.product", rollout.Plan.Product.ToString()), new KeyValuePair<string, object?>("fota.stands", stands));
            }
        }
    }
}
