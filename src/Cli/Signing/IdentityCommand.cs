using System.CommandLine;

namespace Fota.Cli.Signing;

/// <summary>`fota identity`: one's own key for the signing service.</summary>
internal static class IdentityCommand
{
    public static Command Create()
    {
        Option<string> name = new("--name") { HelpName = "NAME", Description = "Your name at the service: 1 to 64 of a-z, 0-9, '.' and '-'.", Required = true };
        Option<FileInfo> output = new("--out") { HelpName = "FILE", Description = "Where the request goes (PEM).", Required = true };
        Command request = new("request", "Makes your key where the settings say, if it is not there, and a request for its certificate; `fota-signer ca issue --profile people` answers it.") { name, output, ServiceOptions.Identity };
        request.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                string pem = ServiceIdentity.Read(ServiceOptions.FileOf(parsed)).Request(parsed.GetRequiredValue(name));
                await File.WriteAllTextAsync(parsed.GetRequiredValue(output).FullName, pem, cancellation);
            }
            catch (InvalidOperationException e)
            {
                throw new CommandFailedException($"soPinFile: {e.Message}");
            }
        });
        return new Command("identity", "Your own key for the signing service.") { request, CreateSign() };
    }

    private static Command CreateSign()
    {
        Argument<FileInfo> file = new("FILE") { Description = "What is signed, for example a list of devices for `fota-signer ca allow`." };
        Option<FileInfo> output = new("--out") { HelpName = "FILE", Description = "Where the signature goes (CMS, detached, DER).", Required = true };
        Command sign = new("sign", "Signs a file with your own key.") { file, output, ServiceOptions.Identity };
        sign.SetAction(async (parsed, cancellation) =>
        {
            byte[] content = await File.ReadAllBytesAsync(parsed.GetRequiredValue(file).FullName, cancellation);
            await File.WriteAllBytesAsync(parsed.GetRequiredValue(output).FullName, ServiceIdentity.Read(ServiceOptions.FileOf(parsed)).Sign(content), cancellation);
        });
        return sign;
    }
}
