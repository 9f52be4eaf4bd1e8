using System.CommandLine;
using Fota.Interop.Cryptoki;
using Fota.Signer.Home;
using Fota.Signer.Keys;

namespace Fota.Signer.Commands;

/// <summary>fota-signer key make.</summary>
internal static class KeyCommand
{
    public static Command Create(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<string> label = Arguments.Label("--label", "LABEL", "The new key's name in this home and on its token.");
        Option<string> token = Arguments.Label("--token", "TOKEN", "The token it is made on.");
        Option<string> algorithm = new Option<string>("--algorithm") { HelpName = string.Join('|', KeyAlgorithmNames.All), Description = $"Its algorithm (default: {KeyAlgorithmNames.Default}).", DefaultValueFactory = static _ => KeyAlgorithmNames.Default }
            .AcceptOnlyFromAmong([.. KeyAlgorithmNames.All]);
        Option<string?> pinFile = Arguments.PinFile();
        Option<string?> officer = new("--so-pin-file") { HelpName = "FILE", Description = "For a blank token, which gets its label and PIN first: the security officer's PIN, in a file with mode 0600." };
        Command make = new("make", "Makes a key that can never leave its token. It speaks for no role until `role propose --add-key` and those who sign that say so.") { home, label, token, algorithm, pinFile, officer };
        make.SetAction(async (arguments, cancellation) =>
        {
            KeyEnrolment enrolment = new(host, new HomeFolder(arguments.GetRequiredValue(home)), arguments.GetRequiredValue(label), arguments.GetRequiredValue(token));
            KeyAlgorithm wanted = KeyAlgorithmNames.Find(arguments.GetRequiredValue(algorithm))!.Value;
            KeySettings made = await enrolment.MakeAsync(wanted, arguments.GetValue(pinFile), arguments.GetValue(officer), cancellation);
            await host.Out.WriteLineAsync($"made: key {made.Label} on token {made.Token} ({made.Serial})");
            await host.Out.WriteLineAsync($"key id: {made.KeyId}");
            await host.Out.WriteLineAsync($"next: fota-signer role propose --home {arguments.GetRequiredValue(home)} --role ROLE --add-key {made.Label} ...");
        });
        return new Command("key", "Keys that are made after the ceremony.") { make };
    }
}
