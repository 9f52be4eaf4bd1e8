using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Webhooks;

/// <summary>
/// Sends what is due, whichever server wrote it, to each receiver by itself: one that is away keeps nobody else waiting. Looks once a second, as messages are written by all servers and by none of
/// them for this one.
/// </summary>
internal sealed class WebhookSender(IWebhookStore store, WebhookReceivers receivers, TimeProvider time, ILogger<WebhookSender> log) : BackgroundService
{
    /// <summary>How often it looks.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    /// <summary>How often it says again whom this server tells: an older program that is started beside it takes that away, and what happens meanwhile is told to nobody.</summary>
    private static readonly TimeSpan s_say = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        await Task.WhenAll(
        [
            EveryAsync(s_say, () => Task.FromResult(Say()), stoppingToken),
            .. receivers.Clients.Select(c => new WebhookQueue(c.Hook, c.Client, store, time, log)).Select(queue => EveryAsync(s_look, () => queue.SendDueAsync(stoppingToken), stoppingToken)),
        ]);
    }

    private int Say()
    {
        store.Configure(receivers.Server, receivers.Subscriptions, time.GetUtcNow());
        return 0;
    }

    /// <summary>Does something again and again, and at once again as long as there was anything to do.</summary>
    private async Task EveryAsync(TimeSpan period, Func<Task<int>> work, CancellationToken stop)
    {
        using PeriodicTimer timer = new(period, time);
        while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false))
        {
            try
            {
                while (await work() > 0)
                {
                }
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                // The store is away, most likely. Messages wait there.
                Log.WebhooksFailed(log, e);
            }
        }
    }
}
