using System.Text.Json;
using Fota.Manifest;
using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fota.UpdateServer.Health;

/// <summary>Whether what is published is fresh: devices take nothing new with a timestamp that has expired. The server can do nothing about it; the signer's machine can.</summary>
internal sealed class PublicationCheck(ReleaseCatalog catalog, ContentStore content, TimeProvider time) : IHealthCheck
{
    private const string Timestamp = "metadata/timestamp.json";

    /// <summary>The newest timestamp that was read: it is read once.</summary>
    private volatile Tuple<Sha256Digest, DateTimeOffset>? _read;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (catalog.Current.Files.GetValueOrDefault(Timestamp) is not { } file)
        {
            return Task.FromResult(HealthCheckResult.Degraded("nothing is published yet"));
        }

        try
        {
            if (_read?.Item1 != file.Digest)
            {
                using JsonDocument metadata = JsonDocument.Parse(content.Read(file.Digest));
                _read = Tuple.Create(file.Digest, metadata.RootElement.GetProperty("signed").GetProperty("expires").GetDateTimeOffset());
            }
        }
        catch (StoreUnavailableException)
        {
            // Every server has the same storage: if all said that they are failing, nobody would be left to take reports.
            return Task.FromResult(HealthCheckResult.Degraded("wanted a content store that answers, got none: devices cannot fetch what this server has not in memory"));
        }
        catch (Exception e) when (e is IOException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return Task.FromResult(HealthCheckResult.Unhealthy("wanted the published timestamp, got none: content is away or damaged"));
        }

        DateTimeOffset expires = _read!.Item2;
        return Task.FromResult(expires > time.GetUtcNow()
            ? HealthCheckResult.Healthy($"the published timestamp is good until {expires:u}")
            : HealthCheckResult.Degraded($"the published timestamp expired at {expires:u}: devices take nothing new until the signer's machine publishes another"));
    }
}
