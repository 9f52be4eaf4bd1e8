using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Alarms;

/// <summary>Has alarms judged by the clock.</summary>
internal sealed class AlarmTicker(AlarmBook book, RolloutCoordinator coordinator, TimeProvider time, ILogger<AlarmTicker> log) : IHostedService, IAsyncDisposable
{
    private ITimer? _timer;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = time.CreateTimer(_ => Tick(), null, RolloutTicker.Every, RolloutTicker.Every);
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
            book.Judge(coordinator.Devices, coordinator.Rollouts, time.GetUtcNow());
        }
        catch (Exception e)
        {
            // The store is away, or the disk full; a timer's exception would end the server.
            Log.AlarmsNotJudged(log, e);
        }
    }
}
