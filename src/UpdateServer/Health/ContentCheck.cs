using Fota.Manifest;
using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fota.UpdateServer.Health;

/// <summary>Whether what is published is where it should be: the store of content is asked itself, each time, past what is kept of it in memory.</summary>
internal sealed class ContentCheck(ReleaseCatalog catalog, ContentStore content) : IHealthCheck
{
    /// <summary>So long whoever asks is kept waiting.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    private readonly Lock _gate = new();

    /// <summary>One question at a time, however many ask here: a store that hangs takes no more than one thread.</summary>
    private Task<bool> _asked = Task.FromResult(true);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (catalog.Current.Files.Values.FirstOrDefault() is not { } file)
        {
            return HealthCheckResult.Healthy("nothing is published yet");
        }

        try
        {
            return await Ask(file.Digest).WaitAsync(s_patience, cancellationToken)
                ? HealthCheckResult.Healthy("the content store answers")
                : HealthCheckResult.Unhealthy("wanted what is published in the content store, got a store without it");
        }
        catch (Exception e) when (e is StoreUnavailableException or TimeoutException)
        {
            // Every server has the same storage: if all said that they are failing, nobody would be left to take reports.
            return HealthCheckResult.Degraded("wanted a content store that answers, got none: devices cannot fetch what this server has not in memory, and nothing can be published");
        }
    }

    private Task<bool> Ask(Sha256Digest digest)
    {
        lock (_gate)
        {
            return _asked = _asked.IsCompleted ? Task.Run(() => content.Has(digest), CancellationToken.None) : _asked;
        }
    }
}
