using Fota.Manifest.Log;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Webhooks;

namespace Fota.UpdateServer.Api;

/// <summary>Who is told of what happens here, and how far behind they are.</summary>
internal static class WebhookEndpoints
{
    private const int MostGivenUp = 100;

    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/webhooks", List);

    private static IEnumerable<WebhookView> List(WebhookReceivers receivers, IWebhookStore store)
    {
        Dictionary<string, WebhookBacklog> backlogs = store.Backlogs().ToDictionary(static b => b.Hook, StringComparer.Ordinal);
        ILookup<string, WebhookMessage> givenUp = store.GivenUp(MostGivenUp).ToLookup(static m => m.Hook, StringComparer.Ordinal);
        return receivers.Settings.Select(s => WebhookView.Of(s, backlogs.GetValueOrDefault(s.Name), givenUp[s.Name]));
    }
}

/// <summary>A webhook. Of its address the host alone is shown: paths may hold what only the receiver should know.</summary>
internal sealed record WebhookView(string Name, string Host, IReadOnlyList<string> Events, long Waiting, string? Problem, long GivenUp, IReadOnlyList<GivenUpView> NewestGivenUp)
{
    public static WebhookView Of(WebhookSettings settings, WebhookBacklog? backlog, IEnumerable<WebhookMessage> givenUp) =>
        new(settings.Name, settings.Url.Authority, settings.Events, backlog?.Waiting ?? 0, backlog?.Problem, backlog?.GivenUp ?? 0, [.. givenUp.Select(GivenUpView.Of)]);
}

/// <summary>A message that was given up.</summary>
internal sealed record GivenUpView(string Id, long Entry, string Kind, int Attempts, string? Problem)
{
    public static GivenUpView Of(WebhookMessage m) => new(WebhookBody.Of(m.Entry).Id, m.Number, LogEntry.Decode(m.Entry).OrThrow().Kind, m.Attempts, m.Problem);
}
