using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Webhooks;

/// <summary>Everybody who is told of what happens here.</summary>
internal sealed class WebhookReceivers : IDisposable
{
    private readonly Dictionary<string, WebhookClient> _clients;

    /// <exception cref="ConfigurationException">A file of authorities is none.</exception>
    /// <exception cref="Interop.Posix.PrivateFileException">A secret is not kept like one.</exception>
    public WebhookReceivers(IReadOnlyList<WebhookSettings> settings, Func<WebhookSettings, WebhookClient> open)
    {
        Settings = settings;
        _clients = settings.ToDictionary(static s => s.Name, open, StringComparer.Ordinal);
        Subscriptions = [.. settings.SelectMany(static s => s.Events.Select(e => new Subscription(s.Name, e)))];
    }

    public IReadOnlyList<WebhookSettings> Settings { get; }

    public IReadOnlyList<Subscription> Subscriptions { get; }

    public bool Any => _clients.Count > 0;

    public WebhookClient? Find(string name) => _clients.GetValueOrDefault(name);

    public void Dispose()
    {
        foreach (WebhookClient client in _clients.Values)
        {
            client.Dispose();
        }
    }
}
