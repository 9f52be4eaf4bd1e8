using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.Signer.Authority;
using Fota.Signer.Home;
using Fota.Signer.Keys;
using Fota.Signer.Log;

namespace Fota.Signer.Commands;

/// <summary>fota-signer ca renew: answers the requests of devices that wait at a server.</summary>
internal static class RenewCommand
{
    private const string Device = "device";
    private const int DefaultInterval = 300;

    public static Command Create(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<Uri?> server = Arguments.Server("The update server where requests wait.");
        server.Required = true;
        Option<string?> authority = Arguments.ServerAuthority();
        Option<string> token = Arguments.Required("--token-file", "FILE", "The operator token for the server, mode 0600.");
        Option<int?> days = Arguments.Days("How long a new certificate is good for (default: as long as the one that it renews was).");
        Option<bool> watch = new("--watch") { Description = "Goes on looking for requests until it is stopped." };
        Option<int> interval = Arguments.Interval(DefaultInterval);
        Option<string?> pinFile = Arguments.PinFile();
        Command command = new("renew", "Renews certificates of devices that ask at a server: for the name and the key that were certified before, and no others.") { home, server, authority, token, days, watch, interval, pinFile };
        command.SetAction(async (arguments, cancellation) =>
        {
            // Signals are listened to from the first await on; without this one, SIGTERM during the first pass would be a kill.
            await Task.Yield();
            HomeFolder folder = new(arguments.GetRequiredValue(home));
            SignerSettings settings = folder.ReadSettings();
            using EnrolmentEndpoint endpoint = new(arguments.GetRequiredValue(server)!, arguments.GetValue(authority) ?? folder.AuthorityCertificate("service"), arguments.GetRequiredValue(token));
            using OpenedKey key = OpenedKey.Open(host, folder, settings.Authority(Device).Key, arguments.GetValue(pinFile));
            Func<CancellationToken, Task> pass = token => PassAsync(host, folder, key, endpoint, arguments.GetValue(days), token);
            await (arguments.GetValue(watch)
                ? PassLoop.RunAsync(host, "ca renew", TimeSpan.FromSeconds(arguments.GetValue(interval)), pass, cancellation)
                : pass(cancellation));
        });
        return command;
    }

    private static async Task PassAsync(SignerHost host, HomeFolder folder, OpenedKey key, EnrolmentEndpoint endpoint, int? days, CancellationToken cancellation)
    {
        IReadOnlyList<byte[]> requests = await endpoint.WaitingAsync(cancellation);
        int refused = 0;
        string? last = null;
        foreach (byte[] request in requests)
        {
            Sha256Digest digest = Sha256Digest.Of(request);
            (RenewedCertificate? renewed, string? why) = await AnswerAsync(host, folder, key, days, request, cancellation);
            if (renewed is null)
            {
                refused++;
                last = $"request {digest}: {why}";
                await host.Error.WriteLineAsync($"refused: request {digest}: {why}");
                _ = await endpoint.RefuseAsync(digest, why!, cancellation);
                continue;
            }

            using X509Certificate2 certificate = renewed.Certificate;
            bool taken = await endpoint.IssueAsync(digest, certificate, cancellation);
            await host.Out.WriteLineAsync($"{(renewed.IsNew ? "renewed" : "issued before, sent again")}: {renewed.Description}, until {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}{(taken ? "" : " (the server does not wait for it any more)")}");
        }

        if (refused > 0)
        {
            // One entry a look, however many requests a server brings: its list is not for it to fill.
            using SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation);
            _ = home.Log.Append(new LogEvent(LogKinds.CertificateRefused, key.Key.Label, endpoint.Server.AbsoluteUri, ("refused", refused), ("requests", requests.Count), ("last", last)));
            throw new SignerRefusalException($"{endpoint.Server}: {refused} of {requests.Count} requests for certificates were refused");
        }
    }

    /// <summary>The home is locked while one request is judged, never while bytes travel.</summary>
    private static async Task<(RenewedCertificate? Renewed, string? Refusal)> AnswerAsync(SignerHost host, HomeFolder folder, OpenedKey key, int? days, byte[] request, CancellationToken cancellation)
    {
        using SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation);
        using X509Certificate2 authority = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(folder.AuthorityCertificate(Device), cancellation));
        home.Issued.Index();
        try
        {
            return (new DeviceRenewal(home, new CertificateAuthority(home.Signer, key.Token, key.Key), authority, days, host.Clock.GetUtcNow()).Answer(request), null);
        }
        catch (Exception e) when (e is SignerRefusalException or RejectedException)
        {
            // The request's own words are in it, and they may be anybody's.
            return (null, new string([.. e.Message.Select(static c => char.IsControl(c) ? '?' : c)]));
        }
    }
}
