using Fota.Signer.Home;
using Fota.Signer.Keys;
using Fota.Signer.Log;

namespace Fota.Signer.Repository;

/// <summary>One look at the repository: what is due is signed, and what a server lacks is sent.</summary>
internal static class OnlinePass
{
    /// <summary>Does what is due.</summary>
    /// <param name="host">The world outside.</param>
    /// <param name="folder">The home.</param>
    /// <param name="key">The online key.</param>
    /// <param name="comparison">What this process knows of journal and log.</param>
    /// <param name="endpoint">The server to publish to; null for none.</param>
    /// <param name="countersigning">Signs for the log of that server; null for none.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    public static async Task RunAsync(SignerHost host, HomeFolder folder, OpenedKey key, LogComparison comparison, PublicationEndpoint? endpoint, Countersigning? countersigning, CancellationToken cancellation)
    {
        SignerRefusalException? damage = null, refused = null;
        if (countersigning is not null)
        {
            try
            {
                if (await countersigning.RunAsync(key, cancellation) is { } signed)
                {
                    await host.Out.WriteLineAsync(signed);
                }
            }
            catch (Exception e) when (e is HttpRequestException || LogDamage.Is(e))
            {
                // Devices must not go without a fresh timestamp for it either: it carries the last checkpoint that was signed.
                refused = new SignerRefusalException(e.Message, e);
            }
        }

        using (SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation))
        {
            try
            {
                _ = LogSequencer.Run(home, key, comparison);
            }
            catch (Exception e) when (LogDamage.Is(e))
            {
                // Devices must not go without a fresh timestamp for it. It carries the last checkpoint; entries wait, and none is lost.
                damage = LogDamage.Refusal(folder.Log, e);
            }

            if (OnlineRefresh.Run(home, OnlineKeys.Find(key, home.Settings), host.Clock.GetUtcNow(), isLogWell: damage is null) is { } done)
            {
                await host.Out.WriteLineAsync(done);
            }
        }

        if (endpoint is not null && await new ServerPush(host, folder, endpoint).RunAsync(cancellation) is { } taken)
        {
            await host.Out.WriteLineAsync(taken);
        }

        if ((damage, refused) is not (null, null))
        {
            throw damage is null ? refused! : refused is null ? damage : new SignerRefusalException($"{damage.Message}; {refused.Message}", refused);
        }
    }
}
