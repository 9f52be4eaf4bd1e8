namespace Fota.UpdateServer.Certificates;

/// <summary>Reads revocation lists again once a minute: whoever makes them puts them where the server looks.</summary>
internal sealed class RevocationTicker(AuthorityRegister authorities, TimeProvider time, ILogger<RevocationTicker> log) : IHostedService, IAsyncDisposable
{
    /// <summary>How often.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    private ITimer? _timer;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = authorities.Lists.Any() ? time.CreateTimer(_ => Tick(), null, Every, Every) : null;
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
        foreach (string wrong in authorities.Lists.SelectMany(static lists => lists.ReadAgain()))
        {
            Log.RevocationListRefused(log, wrong);
        }
    }
}
