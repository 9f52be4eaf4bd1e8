using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Webhooks;

/// <summary>Everybody who is told of what happens here.</summary>
internal sealed class WebhookReceivers : IDisposable
{
    /// <param name="server">This server's own name.</param>
    /// <param name="settings">Who is told, and of what.</param>
    /// <param name="open">Makes the way to one of them.</param>
    /// <exception cref="ConfigurationException">A file of authorities is none.</exception>
    /// <exception cref="Interop.Posix.PrivateFileException">A secret is not kept like one.</exception>
    public WebhookReceivers(string server, IReadOnlyList<WebhookSettings> settings, Func<WebhookSettings, WebhookClient> open)
    {
        Server = server;
        Settings = settings;
        Clients = [.. settings.Select(s => (s.Name, open(s)))];
        Subscriptions = [.. settings.SelectMany(static s => s.Events.Select(e => new Subscription(s.Name, e)))];
    }

    /// <summary>The server that tells them.</summary>
    public string Server { get; }

    public IReadOnlyList<WebhookSettings> Settings { get; }

    public IReadOnlyList<Subscription> Subscriptions { get; }

    /// <summary>The way to each of them, by its name.</summary>
    public IReadOnlyList<(string Hook, WebhookClient Client)> Clients { get; }

    public void Dispose()
    {
        foreach ((_, WebhookClient client) in Clients)
        {
            client.Dispose();
        }
    }
}
