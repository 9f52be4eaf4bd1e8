using Fota.Signer.Home;
using Fota.Signer.Keys;

namespace Fota.Signer.Repository;

/// <summary>One look at the repository: what is due is signed, and what a server lacks is sent.</summary>
internal static class OnlinePass
{
    /// <summary>Does what is due.</summary>
    /// <param name="host">The world outside.</param>
    /// <param name="folder">The home.</param>
    /// <param name="key">The online key.</param>
    /// <param name="endpoint">The server to publish to; null for none.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    public static async Task RunAsync(SignerHost host, HomeFolder folder, OpenedKey key, PublicationEndpoint? endpoint, CancellationToken cancellation)
    {
        using (SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation))
        {
            if (OnlineRefresh.Run(home, OnlineKeys.Find(key, home.Settings), host.Clock.GetUtcNow()) is { } done)
            {
                await host.Out.WriteLineAsync(done);
            }
        }

        if (endpoint is not null && await new ServerPush(host, folder, endpoint).RunAsync(cancellation) is { } taken)
        {
            await host.Out.WriteLineAsync(taken);
        }
    }
}
