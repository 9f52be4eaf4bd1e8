using System.CommandLine;
using Fota.Manifest;
using Fota.Signer.Ceremony;

namespace Fota.Signer.Commands;

/// <summary>fota-signer ceremony.</summary>
internal static class CeremonyCommand
{
    private const string DefaultModule = "/usr/lib/softhsm/libsofthsm2.so";

    public static Command Create(SignerHost host)
    {
        Option<string> plan = Arguments.Required("--plan", "FILE", "The reviewed plan (hsm-config/ceremony.yaml).");
        Option<string> home = Arguments.Required("--home", "DIR", "The home to make; it must not exist.");
        Option<string> pins = Arguments.Required("--pin-dir", "DIR", "Holds TOKEN.pin and TOKEN.so-pin for every token, each with mode 0600.");
        Option<string> module = new("--module") { HelpName = "FILE", Description = $"The PKCS#11 module (default: {DefaultModule}).", DefaultValueFactory = static _ => DefaultModule };
        Option<string?> policy = new("--key-policy") { HelpName = "FILE", Description = "What each key may sign (hsm-config/key-policy.yaml), kept in the home; a key that it does not name signs what its roles sign." };
        Command command = new("ceremony", "Makes tokens, keys, the first root and targets, the certificate authorities and a home for them.") { plan, home, pins, module, policy };
        command.SetAction(async (arguments, cancellation) =>
        {
            CeremonyPlan reviewed = CeremonyPlan.Parse(await File.ReadAllBytesAsync(arguments.GetRequiredValue(plan), cancellation));
            byte[]? keyPolicy = arguments.GetValue(policy) is { } file ? await File.ReadAllBytesAsync(file, cancellation) : null;
            KeyCeremony ceremony = new(host, reviewed, arguments.GetRequiredValue(module), arguments.GetRequiredValue(pins), keyPolicy);
            Sha256Digest transcript = await ceremony.HoldAsync(arguments.GetRequiredValue(home), cancellation);
            await host.Out.WriteLineAsync($"made: {reviewed.Keys.Count} keys on {reviewed.Tokens.Count()} tokens, plan {reviewed.Digest}");
            await host.Out.WriteLineAsync($"transcript: {transcript}");
            await host.Out.WriteLineAsync($"next: take the PINs apart, each to its keeper, then fota-signer release create --home {arguments.GetRequiredValue(home)} ...");
        });
        return command;
    }
}
