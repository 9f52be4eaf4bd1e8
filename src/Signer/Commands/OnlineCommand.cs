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
            LogComparison comparison = new();
            if (arguments.GetValue(once))
            {
                await OnlinePass.RunAsync(host, folder, key, comparison, endpoint, cancellation);
                return;
            }

            await PassLoop.RunAsync(host, "online", TimeSpan.FromSeconds(arguments.GetValue(interval)), token => OnlinePass.RunAsync(host, folder, key, comparison, endpoint, token), cancellation);
        });
        return command;
    }
}
