using System.CommandLine;
using Fota.Manifest;
using Fota.Signer.Home;

namespace Fota.Signer.Commands;

/// <summary>fota-signer ca disallow: what an operator's list allowed ends, for a device or for all of the list.</summary>
internal static class DisallowCommand
{
    public static Command Create(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<string?> device = new("--device") { HelpName = "NAME", Description = "A device that a list allows." };
        Option<string?> list = new("--list-digest") { HelpName = "SHA256", Description = "All of a list, as `ca allow` named it." };
        Command command = new("disallow", "Takes a device, or a whole list, out of what `ca allow` took in. Certificates that were issued are taken back with `ca revoke`.") { home, device, list };
        command.SetAction(async (arguments, cancellation) =>
        {
            string? name = arguments.GetValue(device), digest = arguments.GetValue(list);
            if ((name is null) == (digest is null))
            {
                throw new SignerRefusalException("ca disallow: wanted --device or --list-digest, one of them");
            }

            if (digest is not null && !Sha256Digest.TryParse(digest, out _))
            {
                throw new SignerRefusalException($"--list-digest: wanted 64 hexadecimal digits, got \"{digest}\"");
            }

            using SignerHome opened = await SignerHome.OpenAsync(new HomeFolder(arguments.GetRequiredValue(home)), host, cancellation);
            await host.Out.WriteLineAsync($"disallowed: {opened.Allowed.Disallow(name, digest)} devices fewer");
        });
        return command;
    }
}
