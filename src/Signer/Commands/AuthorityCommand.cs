using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest;
using Fota.Signer.Authority;
using Fota.Signer.Home;
using Fota.Signer.Keys;

namespace Fota.Signer.Commands;

/// <summary>
/// fota-signer ca make and ca switch: the service CA gets a successor, which is known everywhere before it issues anything (docs/runbooks/change-server-ca.md).
/// </summary>
internal static class AuthorityCommand
{
    private const string Service = "service";

    public static Command CreateMake(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<string> key = Arguments.Label("--key", "KEY", "The label of its key, as `key make` made it, on a token of the authorities.");
        Option<string> name = Arguments.Required("--common-name", "NAME", "What it is called; another name than its predecessor's is easier to tell apart.");
        Option<int> years = new("--years") { HelpName = "N", Description = "Its life, 1 to 30 (default: 15).", DefaultValueFactory = static _ => 15 };
        years.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 30)
            {
                result.AddError("--years: wanted 1 to 30.");
            }
        });
        Option<string?> pinFile = Arguments.PinFile();
        Command make = new("make", "Makes the certificate of the next service CA. It issues nothing yet.") { home, key, name, years, pinFile };
        make.SetAction(async (arguments, cancellation) =>
        {
            HomeFolder folder = new(arguments.GetRequiredValue(home));
            using OpenedKey opened = OpenedKey.Open(host, folder, arguments.GetRequiredValue(key), arguments.GetValue(pinFile));
            using SignerHome signer = await SignerHome.OpenAsync(folder, host, cancellation);
            using X509Certificate2 made = new AuthorityChange(signer, Service).Make(opened, arguments.GetRequiredValue(name), host.Clock.GetUtcNow(), arguments.GetValue(years));
            await host.Out.WriteLineAsync($"made: {made.Subject}, until {made.NotAfter.ToUniversalTime():yyyy-MM-dd}, SHA-256 {Sha256Digest.Of(made.RawData)}");
            await host.Out.WriteLineAsync($"certificate: {folder.NextAuthorityCertificate(Service)}");
        });
        return make;
    }

    public static Command CreateSwitch(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Command change = new("switch", "From now on service certificates are issued by the next service CA. First make sure that everybody knows it.") { home };
        change.SetAction(async (arguments, cancellation) =>
        {
            HomeFolder folder = new(arguments.GetRequiredValue(home));
            using SignerHome signer = await SignerHome.OpenAsync(folder, host, cancellation);
            using X509Certificate2 installed = new AuthorityChange(signer, Service).Switch();
            await host.Out.WriteLineAsync($"switched: {Service} certificates are issued by {installed.Subject}, SHA-256 {Sha256Digest.Of(installed.RawData)}");
        });
        return change;
    }
}
