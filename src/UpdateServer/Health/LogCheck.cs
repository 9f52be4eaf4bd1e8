using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fota.UpdateServer.Health;

/// <summary>Whether the signer signs for this server's log. The server can do nothing about it; the signer's machine can.</summary>
internal sealed class LogCheck(LogSigning signing, TimeProvider time) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            SigningState state = signing.Look(time.GetUtcNow());
            return Task.FromResult(state.IsLate ? HealthCheckResult.Degraded(state.Text) : HealthCheckResult.Healthy(state.Text));
        }
        catch (Exception e) when (e is StoreUnavailableException or IOException)
        {
            return Task.FromResult(HealthCheckResult.Degraded("wanted a store that answers, and content that is whole: whether the log is signed for is not known"));
        }
    }
}
