namespace Fota.UpdateServer.Rollouts;

/// <summary>Has it written down when devices were seen last, many at a time. A server that is killed loses at most <see cref="Every"/> of that, and nothing else.</summary>
internal sealed class SightingWriter(RolloutCoordinator coordinator, TimeProvider time, ILogger<SightingWriter> log) : IHostedService, IAsyncDisposable
{
    /// <summary>How often.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    private ITimer? _timer;
    private int _writing;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = time.CreateTimer(_ => Write(), null, Every, Every);
        return Task.CompletedTask;
    }

    /// <summary>The last of it: a server that is stopped loses nothing.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await DisposeAsync();
        Write();
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _timer, null) is { } timer)
        {
            await timer.DisposeAsync();
        }
    }

    private void Write()
    {
        if (Interlocked.Exchange(ref _writing, 1) != 0)
        {
            return; // the store is slow; this will be in the next batch
        }

        try
        {
            coordinator.WriteSeen();
        }
        catch (Exception e)
        {
            // The store is away, or the disk full. It stays noted; a timer's exception would end the server.
            Log.SightingsNotWritten(log, e);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }
}
