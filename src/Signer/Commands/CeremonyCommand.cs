using System.CommandLine;
using Fota.Manifest;
using Fota.Signer.Ceremony;
using Fota.Signer.Home;

namespace Fota.Signer.Commands;

/// <summary>fota-signer ceremony: plan, run; and, for keyholders on other machines, export, sign, import. By itself, with --plan, it is `run` for a file that makes keys.</summary>
internal static class CeremonyCommand
{
    private const string DefaultModule = "/usr/lib/softhsm/libsofthsm2.so";

    public static Command Create(SignerHost host)
    {
        Option<string> plan = Arguments.Required("--plan", "FILE", "The reviewed plan (hsm-config/ceremony.yaml).");
        Option<string> home = Arguments.Required("--home", "DIR", "The home to make; it must not exist.");
        Option<string> pins = Arguments.Required("--pin-dir", "DIR", "Holds TOKEN.pin and TOKEN.so-pin for every token, each with mode 0600.");
        Option<string?> module = Module();
        Option<string?> policy = Policy();
        Command command = new("ceremony", "Holds a ceremony that a reviewed file describes: makes tokens, keys, the first root and a home for them, or changes who signs for a role.") { plan, home, pins, module, policy };
        command.SetAction(async (arguments, cancellation) =>
        {
            CeremonyFile file = await ReadAsync(arguments.GetRequiredValue(plan), cancellation);
            if (file.Create is null)
            {
                throw new SignerRefusalException("plan: kind: wanted create, got change: `fota-signer ceremony run FILE` holds it");
            }

            await MakeAsync(host, file.Create, arguments.GetRequiredValue(home), arguments.GetRequiredValue(pins), arguments.GetValue(module), arguments.GetValue(policy), cancellation);
        });
        command.Add(Plan(host));
        command.Add(Run(host));
        command.Add(CeremonyTravelCommands.Export(host));
        command.Add(CeremonyTravelCommands.Sign(host));
        command.Add(CeremonyTravelCommands.Import(host));
        return command;
    }

    /// <summary>Shared by commands that read a ceremony's file.</summary>
    private static async Task<CeremonyFile> ReadAsync(string file, CancellationToken cancellation) => CeremonyFile.Parse(await File.ReadAllBytesAsync(file, cancellation));

    private static Option<string?> Module() => new("--module") { HelpName = "FILE", Description = $"The PKCS#11 module, for a ceremony that makes keys (default: {DefaultModule})." };

    private static Option<string?> Policy() => new("--key-policy") { HelpName = "FILE", Description = "For a ceremony that makes keys: what each key may sign (hsm-config/key-policy.yaml), kept in the home; a key that it does not name signs what its roles sign." };

    private static Argument<string> PlanFile() => new("FILE") { Description = "The reviewed file." };

    private static Command Plan(SignerHost host)
    {
        Argument<string> plan = PlanFile();
        Option<string?> home = new("--home") { HelpName = "DIR", Description = "The signer's home, for a file that changes one." };
        Option<bool> json = Arguments.Json();
        Command command = new("plan", "Shows what a ceremony would change, its digest, and what each key can do afterwards. It needs no key and changes nothing.") { plan, home, json };
        command.SetAction(async (arguments, cancellation) =>
        {
            CeremonyFile file = await ReadAsync(arguments.GetRequiredValue(plan), cancellation);
            CeremonyOutlook outlook = file.Create is not null
                ? CeremonyOutlook.OfCreate(file)
                : CeremonyOutlook.OfChange(file, host.Clock, new HomeFolder(arguments.GetValue(home) ?? throw new SignerRefusalException("--home: wanted the home that the ceremony changes, got none")));
            await host.Out.WriteAsync(arguments.GetValue(json) ? outlook.ToJson() : string.Concat(outlook.ToLines().Select(static line => line + "\n")));
        });
        return command;
    }

    private static Command Run(SignerHost host)
    {
        Argument<string> plan = PlanFile();
        Option<string> home = Arguments.Required("--home", "DIR", "The signer's home; for a file that makes one, it must not exist.");
        Option<string?> pins = new("--pin-dir") { HelpName = "DIR", Description = "Holds TOKEN.pin, each with mode 0600, of the keys to be used now; to make tokens, TOKEN.so-pin as well. Without it a change is begun, and nothing signed." };
        Option<string?> keys = new("--keys") { HelpName = "KEY,KEY", Description = "The keys to be used now (default: all whose PINs are there, but those that the ceremony takes away)." };
        Option<Sha256Digest?> reviewed = Arguments.CeremonyDigest();
        Option<string?> module = Module();
        Option<string?> policy = Policy();
        Command command = new("run", "Does of a ceremony what can be done with the PINs at hand, and says what is still wanted. Run again, it goes on where it stopped.") { plan, home, pins, keys, reviewed, module, policy };
        command.SetAction(async (arguments, cancellation) =>
        {
            byte[] yaml = await File.ReadAllBytesAsync(arguments.GetRequiredValue(plan), cancellation);
            CeremonyFile file = CeremonyFile.Parse(yaml);
            file.Demand(arguments.GetValue(reviewed));
            string[]? named = arguments.GetValue(keys)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            if (file.Create is null)
            {
                if (arguments.GetValue(pins) is not null && arguments.GetValue(reviewed) is null)
                {
                    throw new SignerRefusalException("--ceremony: wanted the digest of the file as its reviewers wrote it down, as keys are to sign, got none");
                }

                Refuse("--module", arguments.GetValue(module), "a file that makes keys");
                Refuse("--key-policy", arguments.GetValue(policy), "a file that makes keys");
                await CeremonyRun.ChangeAsync(host, file, yaml, arguments.GetRequiredValue(plan), arguments.GetRequiredValue(home), new CeremonyPins(arguments.GetValue(pins), named), cancellation);
                return;
            }

            Refuse("--keys", arguments.GetValue(keys), "a file that changes roles, as one that makes keys makes all of them");
            string folder = arguments.GetValue(pins) ?? throw new SignerRefusalException("--pin-dir: wanted the PINs of the tokens to be made, got none");
            await MakeAsync(host, file.Create, arguments.GetRequiredValue(home), folder, arguments.GetValue(module), arguments.GetValue(policy), cancellation);
        });
        return command;
    }

    private static void Refuse(string option, string? value, string wanted)
    {
        if (value is not null)
        {
            throw new SignerRefusalException($"{option}: wanted with {wanted}, got {value}");
        }
    }

    private static async Task MakeAsync(SignerHost host, CeremonyPlan plan, string home, string pins, string? module, string? policy, CancellationToken cancellation)
    {
        byte[]? keyPolicy = policy is null ? null : await File.ReadAllBytesAsync(policy, cancellation);
        Sha256Digest transcript = await new KeyCeremony(host, plan, module ?? DefaultModule, pins, keyPolicy).HoldAsync(home, cancellation);
        await host.Out.WriteLineAsync($"made: {plan.Keys.Count} keys on {plan.Tokens.Count()} tokens, plan {plan.Digest}");
        await host.Out.WriteLineAsync($"transcript: {transcript}");
        await host.Out.WriteLineAsync($"next: take the PINs apart, each to its keeper, then fota-signer release create --home {home} ...");
    }
}
