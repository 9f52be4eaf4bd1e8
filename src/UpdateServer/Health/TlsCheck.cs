using System.Globalization;
using Fota.UpdateServer.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fota.UpdateServer.Health;

/// <summary>Whether the server's own certificate is good, and for long enough to be replaced in peace.</summary>
internal sealed class TlsCheck(ServerCredential credential, TimeProvider time) : IHealthCheck
{
    private static readonly TimeSpan s_notice = TimeSpan.FromDays(14);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        DateTimeOffset end = new(credential.Certificate.NotAfter), begin = new(credential.Certificate.NotBefore), now = time.GetUtcNow();
        string said = string.Create(CultureInfo.InvariantCulture, $"the server's certificate is good from {begin.UtcDateTime:yyyy-MM-dd} to {end.UtcDateTime:yyyy-MM-dd}");
        return Task.FromResult(
            now > end || now < begin ? HealthCheckResult.Unhealthy($"{said}: devices do not connect")
            : now > end - s_notice ? HealthCheckResult.Degraded($"{said}, which is less than {s_notice.Days} days")
            : HealthCheckResult.Healthy(said));
    }
}
