using System.CommandLine;
using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.Signer.Ceremony;
using Fota.Signer.Home;
using Fota.Signer.Keys;
using Fota.Signer.Roles;

namespace Fota.Signer.Commands;

/// <summary>fota-signer ceremony: export, sign, import. A keyholder signs on a machine of their own, in a home that `approval home` made.</summary>
internal static class CeremonyTravelCommands
{
    public static Command Export(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<string> output = Arguments.Required("--out", "PACKAGE", "The folder to be made. It holds no secret.");
        Command command = new("export", "Writes what a keyholder on another machine needs of the ceremony that is on its way.") { home, output };
        command.SetAction(async (arguments, cancellation) =>
        {
            using SignerHome opened = await SignerHome.OpenAsync(new HomeFolder(arguments.GetRequiredValue(home)), host, cancellation);
            ChangeDraft draft = Require(opened, opened.Settings, host);
            new CeremonyPackage(arguments.GetRequiredValue(output)).Export(opened.Folder, draft);
            await host.Out.WriteLineAsync($"exported: {arguments.GetRequiredValue(output)}, with the signatures so far");
            await host.Out.WriteLineAsync($"next: tell each keyholder by another way: --ceremony {draft.Change.Request.Ceremony}");
            await host.Out.WriteLineAsync($"there: fota-signer ceremony sign --home OWN --package {Path.GetFileName(Path.TrimEndingDirectorySeparator(arguments.GetRequiredValue(output)))} --ceremony {draft.Change.Request.Ceremony}");
        });
        return command;
    }

    public static Command Sign(SignerHost host)
    {
        Option<string> home = Arguments.Required("--home", "DIR", "The keyholder's own home, as `fota-signer approval home` made it.");
        Option<string> package = Arguments.Required("--package", "PACKAGE", "What `ceremony export` wrote.");
        Option<Sha256Digest?> digest = Arguments.CeremonyDigest();
        digest.Required = true;
        Option<string?> label = new("--key") { HelpName = "KEY", Description = "The label of the key to sign with." };
        Option<string?> pinFile = Arguments.PinFile();
        Option<string?> output = new("--out") { HelpName = "SIGNATURES", Description = "Where the signatures go (JSON)." };
        Option<Sha256Digest?> change = Arguments.ChangeDigestToSign();
        Command command = new("sign", "Checks a package from the home's own first root on and shows what the ceremony changes; with --change, signs what of it this key may sign.") { home, package, digest, label, pinFile, output, change };
        command.Validators.Add(result =>
        {
            int given = new Option[] { change, label, output }.Count(option => result.GetResult(option) is not null);
            if (given is not (0 or 3))
            {
                result.AddError("wanted --change, --key and --out to sign, or none of them to look, got some.");
            }
        });
        command.SetAction(async (arguments, cancellation) =>
        {
            HomeFolder folder = new(arguments.GetRequiredValue(home));
            using SignerHome opened = await SignerHome.OpenAsync(folder, host, cancellation);
            SignerSettings settings = new CeremonyPackage(arguments.GetRequiredValue(package)).Take(opened, arguments.GetRequiredValue(digest)!, host.Clock.GetUtcNow());
            ChangeDraft draft = Require(opened, settings, host);
            foreach (string line in draft.Proposal.Effects)
            {
                await host.Out.WriteLineAsync(line);
            }

            if (arguments.GetValue(change) is not { } wanted)
            {
                ChangeDraft.Delete(folder);
                await host.Out.WriteLineAsync($"change: {draft.Proposal.Digest}");
                await host.Out.WriteLineAsync($"next: if that is what was agreed on, again with --change {draft.Proposal.Digest} --key KEY --out SIGNATURES; nothing was signed");
                return;
            }

            draft.Demand(wanted, "signed");
            string file = arguments.GetValue(output)!;
            using (OpenedKey key = OpenedKey.Open(host, folder, arguments.GetValue(label)!, arguments.GetValue(pinFile)))
            {
                int signed = new ChangeParties(folder, draft).Sign(opened, key.Key, host.Out.WriteLine);
                DurableFile.Replace(Path.GetFullPath(file), CarriedSignatures.Of(folder, draft, key.Key.PublicKey).ToJson());
                await host.Out.WriteLineAsync($"signed: {signed} with {key.Key.Label}, change {draft.Proposal.Digest}");
            }

            // The signatures lie in the file, and in the journal that there were some; the next ceremony finds the home free.
            ChangeDraft.Delete(folder);
            await host.Out.WriteLineAsync($"next: send {file} to the signer's home, fota-signer ceremony import there");
        });
        return command;
    }

    public static Command Import(SignerHost host)
    {
        Argument<string> file = new("SIGNATURES") { Description = "What `ceremony sign` wrote." };
        Option<string> home = Arguments.Home();
        Command command = new("import", "Adds the signatures of a keyholder on another machine to the ceremony that is on its way; each is verified first.") { file, home };
        command.SetAction(async (arguments, cancellation) =>
        {
            CarriedSignatures carried = CarriedSignatures.Parse(ForeignFile.Read(arguments.GetRequiredValue(file), CarriedSignatures.MaxBytes));
            using SignerHome opened = await SignerHome.OpenAsync(new HomeFolder(arguments.GetRequiredValue(home)), host, cancellation);
            ChangeDraft draft = Require(opened, opened.Settings, host);
            string label = new SignatureIntake(opened, draft, carried).Accept();
            await host.Out.WriteLineAsync($"imported: the signatures of {label}");
            await CeremonyRun.ShowNextAsync(host, draft, new ChangeParties(opened.Folder, draft).Missing(), "FILE", opened.Folder.Root);
        });
        return command;
    }

    private static ChangeDraft Require(SignerHome home, SignerSettings settings, SignerHost host)
    {
        ChangeDraft draft = ChangeDraft.Require(home.Folder, settings, host.Clock.GetUtcNow());
        return draft.Change.Request.Ceremony is not null
            ? draft
            : throw new SignerRefusalException($"change {draft.Proposal.Digest} is on its way, and is no ceremony's: `fota-signer role sign` signs it");
    }
}
