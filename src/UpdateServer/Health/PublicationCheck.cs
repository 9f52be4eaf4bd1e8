using System.Text.Json;
using Fota.Manifest;
using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Releases;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fota.UpdateServer.Health;

/// <summary>Whether what is published is fresh: devices take nothing new with a timestamp that has expired. The server can do nothing about it; the signer's machine can.</summary>
internal sealed class PublicationCheck(ReleaseCatalog catalog, ContentStore content, TimeProvider time) : IHealthCheck
{
    private const string Timestamp = "metadata/timestamp.json";

    /// <summary>The newest timestamp that was read: it is read once.</summary>
    private volatile Tuple<Sha256Digest, DateTimeOffset>? _read;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (catalog.Current.Files.GetValueOrDefault(Timestamp) is not { } file)
        {
            return HealthCheckResult.Degraded("nothing is published yet");
        }

        try
        {
            if (_read?.Item1 != file.Digest)
            {
                await using FileStream stream = content.Open(file.Digest) ?? throw new IOException("it is not there");
                using JsonDocument metadata = await JsonDocument.ParseAsync(stream, cancellationToken: cancellationToken);
                _read = Tuple.Create(file.Digest, metadata.RootElement.GetProperty("signed").GetProperty("expires").GetDateTimeOffset());
            }
        }
        catch (Exception e) when (e is IOException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return HealthCheckResult.Unhealthy("wanted the published timestamp, got none: content is away or damaged");
        }

        DateTimeOffset expires = _read!.Item2;
        return expires > time.GetUtcNow()
            ? HealthCheckResult.Healthy($"the published timestamp is good until {expires:u}")
            : HealthCheckResult.Degraded($"the published timestamp expired at {expires:u}: devices take nothing new until the signer's machine publishes another");
    }
}
