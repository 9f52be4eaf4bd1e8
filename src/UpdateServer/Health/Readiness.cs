using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fota.UpdateServer.Health;

/// <summary>
/// Whether this server can serve now, and what is wrong. Asked by load balancers, which show no credential: whatever they ask, the checks run once in
/// <see cref="s_every"/>, and a finding holds no name of a person, a device or a path.
/// </summary>
internal sealed class Readiness(HealthCheckService checks, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _turn = new(1);
    private ReadinessView? _found;
    private long _at;

    /// <summary>Adds it, and what it looks at.</summary>
    public static void Add(IServiceCollection services) => services.AddSingleton<Readiness>().AddHealthChecks()
        .AddCheck<StoreCheck>("store")
        .AddCheck<PublicationCheck>("publication")
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
                _found = ReadinessView.Of(await checks.CheckHealthAsync(cancellation));
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
}

/// <summary>What is right and wrong with a server: ok, degraded (it serves, and somebody should look), or failing (it should not be sent requests).</summary>
internal sealed record ReadinessView(string Status, IReadOnlyList<FindingView> Checks)
{
    public static ReadinessView Of(HealthReport report) => new(NameOf(report.Status), [.. report.Entries
        .Select(static e => new FindingView(e.Key, NameOf(e.Value.Status), e.Value.Description ?? (e.Value.Status == HealthStatus.Healthy ? "" : "the check itself failed; the log says how")))
        .OrderBy(static f => f.Name, StringComparer.Ordinal)]);

    private static string NameOf(HealthStatus status) => status switch { HealthStatus.Healthy => "ok", HealthStatus.Degraded => "degraded", _ => "failing" };
}

/// <summary>What one check found.</summary>
internal sealed record FindingView(string Name, string Status, string Detail);
