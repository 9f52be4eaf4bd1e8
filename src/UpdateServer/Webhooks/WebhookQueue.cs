using Fota.Manifest;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Webhooks;

/// <summary>The messages of one receiver. Nobody else waits for it; and where it is away, one message finds out whether it is back, and the others keep their attempts.</summary>
internal sealed class WebhookQueue(string hook, WebhookClient client, IWebhookStore store, TimeProvider time, ILogger log)
{
    private const int Batch = 16;

    /// <summary>So long claimed messages are this server's: longer than all of a batch takes.</summary>
    private static readonly TimeSpan s_lease = TimeSpan.FromMinutes(1);

    /// <summary>So long a receiver is left alone that was not reached.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromMinutes(1);

    /// <summary>Until when it is left alone; null while it is reached.</summary>
    private DateTimeOffset? _awayUntil;

    /// <summary>Sends what is due now; gives how many messages that were.</summary>
    /// <exception cref="StoreUnavailableException">The store is away; the messages wait there.</exception>
    public async Task<int> SendDueAsync(CancellationToken cancellation)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (_awayUntil > now)
        {
            return 0;
        }

        IReadOnlyList<WebhookMessage> messages = store.Claim(hook, now, now + s_lease, _awayUntil is null ? Batch : 1);
        if (messages.Count > 0)
        {
            bool[] reached = await Task.WhenAll(messages.Select(m => SendAsync(m, cancellation)));
            _awayUntil = reached.Contains(true) ? null : time.GetUtcNow() + s_pause;
        }

        return messages.Count;
    }

    /// <summary>Sends one; gives whether the receiver was reached.</summary>
    private async Task<bool> SendAsync(WebhookMessage message, CancellationToken cancellation)
    {
        WebhookAnswer answer;
        try
        {
            answer = await client.SendAsync(WebhookBody.Of(message.Entry), cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or RejectedException)
        {
            // A secret that cannot be read cannot be for any other message either; an entry that cannot be is one message's trouble.
            answer = new WebhookAnswer(e is RejectedException, e.Message.ReplaceLineEndings(" "));
        }

        if (answer.Problem is null)
        {
            store.Delivered(message);
            return true;
        }

        DateTimeOffset? again = WebhookSchedule.Next(message.Attempts, time.GetUtcNow());
        store.Failed(message, again, answer.Problem);
        if (again is null)
        {
            Log.WebhookGivenUp(log, message.Hook, message.Number, message.Attempts, answer.Problem);
        }

        return answer.IsReached;
    }
}
