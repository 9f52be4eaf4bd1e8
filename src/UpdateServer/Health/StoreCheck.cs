using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fota.UpdateServer.Health;

/// <summary>Whether the store answers, and so whether a report can be kept.</summary>
internal sealed class StoreCheck(RolloutCoordinator coordinator) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            coordinator.CatchUp();
            return Task.FromResult(HealthCheckResult.Healthy("the store answers"));
        }
        catch (StoreUnavailableException)
        {
            return Task.FromResult(HealthCheckResult.Unhealthy("wanted a store that answers, got none: reports and decisions cannot be kept"));
        }
    }
}
