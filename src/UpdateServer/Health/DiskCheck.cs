using Fota.UpdateServer.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fota.UpdateServer.Health;

/// <summary>Whether there is room for what devices report and what is published.</summary>
internal sealed class DiskCheck(ServerSettings settings, ServerSeams seams) : IHealthCheck
{
    private const int Mebibyte = 1024 * 1024;

    private const long Little = 256L * Mebibyte, None = 16L * Mebibyte;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        long free = seams.FreeSpace(settings.DataDirectory);
        string said = $"the data folder's disk has room for {free / Mebibyte} MiB";
        return Task.FromResult(
            free < None ? HealthCheckResult.Unhealthy($"{said}: wanted at least {None / Mebibyte}")
            : free < Little ? HealthCheckResult.Degraded($"{said}: wanted at least {Little / Mebibyte}")
            : HealthCheckResult.Healthy(said));
    }
}
