using System.CommandLine;
using System.CommandLine.Parsing;
using System.Security.Cryptography;
using Fota.Interop.Cryptoki;
using Fota.Manifest;
using Fota.Signer.Home;
using Fota.Signer.Keys;
using Fota.Signer.Repository;
using Microsoft.Data.Sqlite;

namespace Fota.Signer.Commands;

/// <summary>fota-signer online: keeps snapshot and timestamp fresh, and sends what is new to a server.</summary>
internal static class OnlineCommand
{
    private const int DefaultInterval = 60;

    // SQLITE_CORRUPT and SQLITE_NOTADB: a journal that only people can mend.
    private const int Corrupt = 11, NotADatabase = 26;

    public static Command Create(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<Uri?> server = new("--server") { HelpName = "URL", Description = "The update server to publish to.", CustomParser = ParseAddress };
        Option<string?> authority = new("--server-ca") { HelpName = "PEM", Description = "The CA of the server's certificate (default: the home's service CA)." };
        Option<string?> token = new("--token-file") { HelpName = "FILE", Description = "The operator token for the server, mode 0600." };
        Option<bool> once = new("--once") { Description = "Do what is due, then end; fails when something could not be done." };
        Option<int> interval = new("--interval-seconds") { HelpName = "N", Description = $"Pause between two looks (default: {DefaultInterval}).", DefaultValueFactory = static _ => DefaultInterval };
        interval.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("--interval-seconds: wanted at least 1.");
            }
        });
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

            await LoopAsync(host, folder, key, endpoint, TimeSpan.FromSeconds(arguments.GetValue(interval)), cancellation);
        });
        return command;
    }

    private static Uri? ParseAddress(ArgumentResult result)
    {
        if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out Uri? address))
        {
            return address;
        }

        result.AddError("--server: wanted an address like https://updates.example/.");
        return null;
    }

    private static async Task LoopAsync(SignerHost host, HomeFolder folder, OpenedKey key, PublicationEndpoint? endpoint, TimeSpan interval, CancellationToken cancellation)
    {
        using PeriodicTimer timer = new(interval, host.Clock);
        try
        {
            do
            {
                try
                {
                    await PassAsync(host, folder, key, endpoint, cancellation);
                }
                catch (Exception e) when (IsPassing(e) && !cancellation.IsCancellationRequested)
                {
                    await host.Error.WriteLineAsync($"online: {e.Message.ReplaceLineEndings(" ")}; next try in {interval.TotalSeconds} s");
                }
            }
            while (await timer.WaitForNextTickAsync(cancellation));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await host.Error.WriteLineAsync("online: stopped");
        }
    }

    /// <summary>
    /// What may be different at the next look, a full disk and a locked journal among it. A PIN that was refused is not: repeating it locks tokens (A50).
    /// </summary>
    private static bool IsPassing(Exception e) => e switch
    {
        CryptokiException cryptoki => cryptoki.Code.Recovery != Recovery.CredentialFailure,
        CryptokiRefusalException => false,
        SqliteException sqlite => sqlite.SqliteErrorCode is not (Corrupt or NotADatabase),
        _ => e is SignerRefusalException or RejectedException or HttpRequestException or TaskCanceledException or IOException or UnauthorizedAccessException or CryptographicException,
    };

    private static async Task PassAsync(SignerHost host, HomeFolder folder, OpenedKey key, PublicationEndpoint? endpoint, CancellationToken cancellation)
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
