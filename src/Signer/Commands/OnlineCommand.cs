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
        Option<string?> serverLog = new("--server-log") { HelpName = "NAME", Description = "Signs for the server's own log under this name, for example updates.example/audit; one name for one log, for ever." };
        Option<bool> once = new("--once") { Description = "Do what is due, then end; fails when something could not be done." };
        Option<int> interval = Arguments.Interval(DefaultInterval);
        Option<string?> pinFile = Arguments.PinFile();
        Command command = new("online", "Keeps snapshot and timestamp fresh with the online key, and publishes to a server.") { home, server, authority, token, serverLog, once, interval, pinFile };
        command.Validators.Add(result =>
        {
            if (result.GetResult(server) is not null && result.GetResult(token) is null)
            {
                result.AddError("--server: wanted --token-file with it.");
            }

            if (result.GetResult(serverLog) is not null && result.GetResult(server) is null)
            {
                result.AddError("--server-log: wanted --server with it.");
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
            string? origin = arguments.GetValue(serverLog) is { } name ? LogSettings.DemandOrigin("--server-log", name) : null;
            using ServerLogEndpoint? log = origin is null ? null : new ServerLogEndpoint(arguments.GetValue(server)!, arguments.GetValue(authority) ?? folder.AuthorityCertificate("service"), arguments.GetRequiredValue(token)!);
            using OpenedKey key = OpenedKey.Open(host, folder, settings.Roles.Timestamp.Keys[0], arguments.GetValue(pinFile));
            Countersigning? countersigning = log is null ? null : new Countersigning(host, folder, log, origin!);
            LogComparison comparison = new();
            if (arguments.GetValue(once))
            {
                await OnlinePass.RunAsync(host, folder, key, comparison, endpoint, countersigning, cancellation);
                return;
            }

            await PassLoop.RunAsync(host, "online", TimeSpan.FromSeconds(arguments.GetValue(interval)), token => OnlinePass.RunAsync(host, folder, key, comparison, endpoint, countersigning, token), cancellation);
        });
        return command;
    }
}
