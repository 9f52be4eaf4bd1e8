using System.CommandLine;
using Fota.Signer.Home;
using Fota.Signer.Keys;
using Fota.Signer.Log;
using Fota.Signer.Repository;

namespace Fota.Signer.Commands;

/// <summary>fota-signer online: keeps snapshot and timestamp fresh, and sends what is new to a server.</summary>
internal static class OnlineCommand
{
    private const int DefaultInterval = 60;

    public static Command Create(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<Uri?> server = Arguments.Server("The update server to publish to.");
        Option<string?> authority = Arguments.ServerAuthority();
        Option<string?> token = new("--token-file") { HelpName = "FILE", Description = "The operator token for the server, mode 0600." };
        Option<bool> once = new("--once") { Description = "Do what is due, then end; fails when something could not be done." };
        Option<int> interval = Arguments.Interval(DefaultInterval);
        Option<string?> pinFile = Arguments.PinFile();
        Command command = new("online", "Keeps snapshot and timestamp fresh with the online key, and publishes to a server.") { home, server, authority, token, once, interval, pinFile };
        command.Validators.Add(result =>
        {
            if (result.GetResult(server) is not null && result.GetResult(token) is null)
            {
                result.AddError("--server: wanted --token-file with it.");
            }
        });
        command.SetAction(async (arguments, cancellation) =>
        {
            // Signals are listened to from the first await on; without this one, SIGTERM during the first pass would be a kill.
            await Task.Yield();
            HomeFolder folder = new(arguments.GetRequiredValue(home));
            SignerSettings settings = folder.ReadSettings();
            using PublicationEndpoint? endpoint = arguments.GetValue(server) is { } address
                ? new PublicationEndpoint(address, arguments.GetValue(authority) ?? folder.AuthorityCertificate("service"), arguments.GetRequiredValue(token)!, host.Clock)
                : null;
            using OpenedKey key = OpenedKey.Open(host, folder, settings.Roles.Timestamp.Keys[0], arguments.GetValue(pinFile));
            if (arguments.GetValue(once))
            {
                await PassAsync(host, folder, key, endpoint, cancellation);
                return;
            }

            await PassLoop.RunAsync(host, "online", TimeSpan.FromSeconds(arguments.GetValue(interval)), token => PassAsync(host, folder, key, endpoint, token), cancellation);
        });
        return command;
    }

    private static async Task PassAsync(SignerHost host, HomeFolder folder, OpenedKey key, PublicationEndpoint? endpoint, CancellationToken cancellation)
    {
        SignerRefusalException? logRefusal = null;
        using (SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation))
        {
            try
            {
                _ = LogSequencer.Run(home, key);
            }
            catch (SignerRefusalException e)
            {
                // Devices must not go without a fresh timestamp for it. It carries the last checkpoint; entries wait, and none is lost.
                logRefusal = e;
            }

            if (OnlineRefresh.Run(home, OnlineKeys.Find(key, home.Settings), host.Clock.GetUtcNow()) is { } done)
            {
                await host.Out.WriteLineAsync(done);
            }
        }

        if (endpoint is not null && await new ServerPush(host, folder, endpoint).RunAsync(cancellation) is { } taken)
        {
            await host.Out.WriteLineAsync(taken);
        }

        if (logRefusal is not null)
        {
            throw new SignerRefusalException(logRefusal.Message, logRefusal);
        }
    }
}
