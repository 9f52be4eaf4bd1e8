using Fota.Manifest;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Webhooks;

/// <summary>Sends what is due, whichever server wrote it. Looks once a second, as messages are written by all servers and by none of them for this one.</summary>
internal sealed class WebhookSender(IWebhookStore store, WebhookReceivers receivers, TimeProvider time, ILogger<WebhookSender> log) : BackgroundService
{
    private const int Batch = 16;

    /// <summary>How often it looks.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    /// <summary>So long claimed messages are this server's: longer than all of a batch takes.</summary>
    private static readonly TimeSpan s_lease = TimeSpan.FromMinutes(1);

    /// <summary>Sends what is due now; gives how many messages that were.</summary>
    public async Task<int> SendDueAsync(CancellationToken cancellation)
    {
        DateTimeOffset now = time.GetUtcNow();
        IReadOnlyList<WebhookMessage> messages = store.Claim(now, now + s_lease, Batch);
        await Task.WhenAll(messages.Select(m => SendAsync(m, cancellation)));
        return messages.Count;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            // Nobody is told of anything: what was for others is given up, and there is nothing to look for.
            store.Configure(receivers.Subscriptions);
        }
        catch (StoreUnavailableException e)
        {
            Log.WebhooksFailed(log, e);
        }

        using PeriodicTimer timer = new(s_look, time);
        while (receivers.Any && await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                while (await SendDueAsync(stoppingToken) == Batch)
                {
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // The store is away, most likely. Messages wait there.
                Log.WebhooksFailed(log, e);
            }
        }
    }

    private async Task SendAsync(WebhookMessage message, CancellationToken cancellation)
    {
        string? problem;
        try
        {
            problem = receivers.Find(message.Hook) is { } client ? await client.SendAsync(WebhookBody.Of(message.Entry), cancellation) : "this server has no such webhook: servers differ in their settings";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or RejectedException)
        {
            problem = e.Message.ReplaceLineEndings(" ");
        }

        if (problem is null)
        {
            store.Delivered(message);
            return;
        }

        DateTimeOffset? again = WebhookSchedule.Next(message.Attempts, time.GetUtcNow());
        store.Failed(message, again, problem);
        if (again is null)
        {
            Log.WebhookGivenUp(log, message.Hook, message.Number, message.Attempts, problem);
        }
    }
}
