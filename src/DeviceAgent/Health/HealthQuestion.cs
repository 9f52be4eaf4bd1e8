namespace Fota.DeviceAgent.Health;

/// <summary>Asks all health checks. An unhealthy answer of one outweighs that another is inconclusive: the network is no excuse for a bad release.</summary>
internal static class HealthQuestion
{
    // A check that hangs would keep a device in its trial for good.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(10);

    public static async Task<HealthVerdict> AskAsync(IReadOnlyList<IHealthCheck> checks, TimeProvider time, CancellationToken cancellation)
    {
        HealthVerdict verdict = checks.Count > 0 ? new HealthVerdict.Healthy() : new HealthVerdict.Unhealthy("no health check is configured");
        foreach (IHealthCheck check in checks)
        {
            switch (await AskAsync(check, time, cancellation))
            {
                case HealthVerdict.Healthy:
                    break;
                case HealthVerdict.Inconclusive inconclusive:
                    verdict = verdict is HealthVerdict.Inconclusive ? verdict : inconclusive;
                    break;
                case HealthVerdict.Unhealthy unhealthy:
                    return unhealthy;
                default:
                    return new HealthVerdict.Unhealthy("a health check gave no answer");
            }
        }

        return verdict;
    }

    private static async Task<HealthVerdict> AskAsync(IHealthCheck check, TimeProvider time, CancellationToken cancellation)
    {
        using CancellationTokenSource patience = new(s_patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            return await Task.Run(() => check.CheckAsync(either.Token), either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new HealthVerdict.Unhealthy("a health check did not answer in time");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return new HealthVerdict.Unhealthy(e.Message); // whatever it is: what cannot be said to be well is not
        }
    }
}
