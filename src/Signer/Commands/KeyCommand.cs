using System.CommandLine;
using Fota.Interop.Cryptoki;
using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.Signer.Home;
using Fota.Signer.Keys;

namespace Fota.Signer.Commands;

/// <summary>fota-signer key make|take.</summary>
internal static class KeyCommand
{
    public static Command Create(SignerHost host) => new("key", "Keys that are made after the first ceremony.") { Make(host), Take(host) };

    private static Command Make(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<string> label = Arguments.Label("--label", "LABEL", "The new key's name in this home and on its token.");
        Option<string> token = Arguments.Label("--token", "TOKEN", "The token it is made on.");
        Option<string> algorithm = new Option<string>("--algorithm") { HelpName = string.Join('|', KeyAlgorithmNames.All), Description = $"Its algorithm (default: {KeyAlgorithmNames.Default}).", DefaultValueFactory = static _ => KeyAlgorithmNames.Default }
            .AcceptOnlyFromAmong([.. KeyAlgorithmNames.All]);
        Option<string?> pinFile = Arguments.PinFile();
        Option<string?> officer = new("--so-pin-file") { HelpName = "FILE", Description = "For a blank token, which gets its label and PIN first: the security officer's PIN, in a file with mode 0600." };
        Option<string?> card = new("--card") { HelpName = "FILE", Description = "Where to write what a signer's home elsewhere takes with `key take`, when this home is the keeper's own." };
        Command make = new("make", "Makes a key that can never leave its token. It speaks for no role until a change of roles, signed by others, says so.") { home, label, token, algorithm, pinFile, officer, card };
        make.SetAction(async (arguments, cancellation) =>
        {
            KeyEnrolment enrolment = new(host, new HomeFolder(arguments.GetRequiredValue(home)), arguments.GetRequiredValue(label), arguments.GetRequiredValue(token));
            KeyAlgorithm wanted = KeyAlgorithmNames.Find(arguments.GetRequiredValue(algorithm))!.Value;
            (KeySettings made, KeyCard written) = await enrolment.MakeAsync(wanted, arguments.GetValue(pinFile), arguments.GetValue(officer), cancellation);
            await host.Out.WriteLineAsync($"made: key {made.Label} on token {made.Token} ({made.Serial})");
            await host.Out.WriteLineAsync($"key id: {made.KeyId}");
            if (arguments.GetValue(card) is { } file)
            {
                DurableFile.Replace(Path.GetFullPath(file), written.ToJson());
                await host.Out.WriteLineAsync($"next: send {file} to the signer's home, and tell the key id by another way: fota-signer key take there");
                return;
            }

            await host.Out.WriteLineAsync($"next: fota-signer role propose --home {arguments.GetRequiredValue(home)} --role ROLE --add-key {made.Label} ...");
        });
        return make;
    }

    private static Command Take(SignerHost host)
    {
        Argument<string> card = new("CARD") { Description = "What `key make --card` wrote on its keeper's machine." };
        Option<string> home = Arguments.Home();
        Option<Sha256Digest> keyId = Arguments.KeyId("The key's id, as its keeper told you by another way: another key is refused.");
        Command take = new("take", "Takes a key that was made on its keeper's machine. It speaks for no role until a change of roles, signed by others, says so.") { card, home, keyId };
        take.SetAction(async (arguments, cancellation) =>
        {
            KeyCard read = KeyCard.Parse(ForeignFile.Read(arguments.GetRequiredValue(card), KeyCard.MaxBytes));
            (KeySettings key, bool isNew) = await KeyEnrolment.TakeAsync(host, new HomeFolder(arguments.GetRequiredValue(home)), read, arguments.GetRequiredValue(keyId), cancellation);
            await host.Out.WriteLineAsync($"{(isNew ? "taken" : "known already")}: key {key.Label} on token {key.Token} ({key.Serial})");
            await host.Out.WriteLineAsync($"next: a ceremony's file with addKeys: [{{ label: {key.Label}, keyId: {key.KeyId} }}]");
        });
        return take;
    }
}
