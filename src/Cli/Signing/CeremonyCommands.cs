using System.CommandLine;
using System.Text.Json;

namespace Fota.Cli.Signing;

/// <summary>`fota ceremony`: a keyholder's part in a ceremony of a signing service, from the keyholder's own machine.</summary>
internal static class CeremonyCommands
{
    private const string Resource = "api/v1/ceremony";

    public static Command Create() => new("ceremony", "Take part in a ceremony from your own machine. It is begun, and put in force, with `fota-signer ceremony run` at the signer's.")
    {
        CreateShow(),
        CreateSign(),
    };

    private static Command CreateShow()
    {
        Command command = new Command("show", "Shows the ceremony that is on its way, and whose signatures are missing.").WithService();
        command.SetAction(async (parsed, cancellation) =>
        {
            using ServiceClient client = ServiceOptions.Connect(parsed);
            Print(parsed, await client.GetAsync(Resource, cancellation));
        });
        return command;
    }

    private static Command CreateSign()
    {
        Option<DirectoryInfo> home = new("--home") { HelpName = "DIR", Description = "Your own home, as `fota-signer approval home` made it.", Required = true };
        Option<string> digest = new("--ceremony") { HelpName = "DIGEST", Description = "SHA-256 of the ceremony's file, as its reviewers wrote it down. Not as the service says it.", Required = true };
        Option<string?> key = new("--key") { HelpName = "KEY", Description = "The label of your key." };
        Option<string?> change = new("--change") { HelpName = "DIGEST", Description = "The digest of the change, as you saw it without this option: it is signed. Without it you see what the ceremony changes, checked, and nothing is signed." };
        Option<FileInfo?> pinFile = new("--pin-file") { HelpName = "FILE", Description = "The PIN of your token, mode 0600. Else the variable FOTA_PIN_<TOKEN> is asked." };
        Command command = new Command("sign", "Fetches the ceremony, has fota-signer check it from your own first root on and sign it with your own key, and brings the signatures to the service.") { home, digest, key, change, pinFile }.WithService();
        command.Validators.Add(result =>
        {
            if (result.GetResult(change) is null != result.GetResult(key) is null)
            {
                result.AddError("wanted --change and --key to sign, or neither to look, got one of them.");
            }
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            using ServiceClient client = ServiceOptions.Connect(parsed);
            DirectoryInfo folder = Directory.CreateTempSubdirectory("fota-ceremony-");
            try
            {
                string package = Path.Combine(folder.FullName, "package"), archive = package + ".tar", signatures = Path.Combine(folder.FullName, "signatures.json");
                if (!await client.FetchAsync($"{Resource}/package", archive, cancellation))
                {
                    throw new CommandFailedException("the service has no ceremony on its way");
                }

                PackageArchive.Extract(archive, package);
                string[] look = ["ceremony", "sign", "--home", parsed.GetRequiredValue(home).FullName, "--package", package, "--ceremony", parsed.GetRequiredValue(digest)];
                if (parsed.GetValue(change) is not { } seen)
                {
                    await LocalSigner.RunAsync(look, cancellation);
                    return;
                }

                await LocalSigner.RunAsync(
                    [
                        .. look, "--change", seen, "--key", parsed.GetValue(key)!, "--out", signatures,
                        .. parsed.GetValue(pinFile) is { } pin ? (string[])["--pin-file", pin.FullName] : [],
                    ],
                    cancellation);
                Print(parsed, await client.PostFileAsync($"{Resource}/signatures", signatures, cancellation));
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        });
        return command;
    }

    private static void Print(ParseResult parsed, JsonElement ceremony)
    {
        if (parsed.GetValue(ServiceOptions.AsJson))
        {
            Output.Json(ceremony);
            return;
        }

        Output.Line($"ceremony: {ceremony.GetProperty("ceremony").GetString()}");
        Output.Line($"change: {ceremony.GetProperty("change").GetString()}");
        foreach (JsonElement effect in ceremony.GetProperty("effects").EnumerateArray())
        {
            Output.Line(effect.GetString()!);
        }

        foreach (JsonElement wanted in ceremony.GetProperty("wanted").EnumerateArray())
        {
            Output.Line($"wanted: {wanted.GetString()}");
        }

        if (ceremony.GetProperty("wanted").GetArrayLength() == 0)
        {
            Output.Line("complete: `fota-signer ceremony run` at the signer's puts it in force, with the PIN of the online token");
        }
    }
}
