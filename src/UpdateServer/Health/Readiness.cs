using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fota.UpdateServer.Health;

/// <summary>
/// Whether this server can serve now, and what is wrong. Asked by load balancers, which show no credential: whatever they ask, the checks run once in
/// <see cref="s_every"/>, and a finding holds no name of a person, a device or a path.
/// </summary>
internal sealed class Readiness(HealthCheckService checks, TimeProvider time, ILogger<Readiness> log) : IDisposable
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _turn = new(1);
    private ReadinessView? _found;
    private long _at;

    /// <summary>Adds it, and what it looks at.</summary>
    public static void Add(IServiceCollection services) => services.AddSingleton<Readiness>().AddSingleton<PublicationCheck>().AddSingleton<ContentCheck>().AddHealthChecks()
        .AddCheck<StoreCheck>("store")
        .AddCheck<PublicationCheck>("publication")
        .AddCheck<ContentCheck>("content")
        .AddCheck<TlsCheck>("tls")
        .AddCheck<RevocationListCheck>("revocation_lists")
        .AddCheck<DiskCheck>("disk")
        .AddCheck<LogCheck>("log");

    /// <summary>What the checks say.</summary>
    public async Task<ReadinessView> LookAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            if (_found is null || time.GetElapsedTime(_at) >= s_every)
            {
                HealthReport report = await checks.CheckHealthAsync(cancellation);
                ReadinessView found = ReadinessView.Of(report);
                Tell(report, found);
                _found = found;
                _at = time.GetTimestamp();
            }

            return _found;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>Once for each change: whoever asks often would fill the log.</summary>
    private void Tell(HealthReport report, ReadinessView found)
    {
        foreach (FindingView finding in found.Checks)
        {
            string? before = _found?.Checks.FirstOrDefault(c => c.Name == finding.Name)?.Status;
            if (finding.Status == (before ?? ReadinessView.Good))
            {
                continue;
            }

            if (report.Entries[finding.Name].Exception is { } failure)
            {
                Log.CheckFailed(log, finding.Name, failure);
            }
            else
            {
                Log.ReadinessChanged(log, finding.Name, finding.Status, finding.Detail);
            }
        }
    }
}

/// <summary>What is right and wrong with a server: ok, degraded (it serves, and somebody should look), or failing (it should not be sent requests).</summary>
internal sealed record ReadinessView(string Status, IReadOnlyList<FindingView> Checks)
{
    public static ReadinessView Of(HealthReport report) => new(NameOf(report.Status), [.. report.Entries
        .Select(static e => new FindingView(e.Key, NameOf(e.Value.Status), e.Value.Exception is null ? e.Value.Description ?? "" : "the check itself failed; the log says how"))
        .OrderBy(static f => f.Name, StringComparer.Ordinal)]);

    /// <summary>The status of what is as it should be.</summary>
    public const string Good = "ok";

    private static string NameOf(HealthStatus status) => status switch { HealthStatus.Healthy => Good, HealthStatus.Degraded => "degraded", _ => "failing" };
}

/// <summary>What one check found.</summary>
internal sealed record FindingView(string Name, string Status, string Detail);
