using Fota.UpdateServer.Certificates;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fota.UpdateServer.Health;

/// <summary>Whether the revocation lists are fresh: without one, nobody whom its authority vouches for is let in.</summary>
internal sealed class RevocationListCheck(AuthorityRegister authorities, TimeProvider time) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        string[] stale = [.. authorities.Lists.SelectMany(lists => lists.StaleAt(time.GetUtcNow()))];
        return Task.FromResult(stale.Length == 0 ? HealthCheckResult.Healthy("every revocation list is fresh") : HealthCheckResult.Degraded(string.Join("; ", stale)));
    }
}
