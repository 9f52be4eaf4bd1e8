namespace Fota.UpdateServer.Rollouts;

/// <summary>Has rollouts judged by the clock, as silence and soak times end without a report.</summary>
internal sealed class RolloutTicker(RolloutCoordinator coordinator, TimeProvider time, ILogger<RolloutTicker> log) : IHostedService, IAsyncDisposable
{
    /// <summary>How often.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    private ITimer? _timer;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = time.CreateTimer(_ => Tick(), null, Every, Every);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken) => await DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _timer, null) is { } timer)
        {
            await timer.DisposeAsync();
        }
    }

    private void Tick()
    {
        try
        {
            coordinator.Evaluate();
        }
        catch (Exception e)
        {
            // The store is away, or the disk full. Nothing was changed; a timer's exception would end the server.
            Log.EvaluationFailed(log, e);
        }
    }
}
