using System.CommandLine;
using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.Signer.Approval;
using Fota.Signer.Home;
using Fota.Signer.Keys;

namespace Fota.Signer.Commands;

/// <summary>fota-signer approval: the approver's own home, and signatures made in it. `fota release approve` calls it.</summary>
internal static class ApprovalCommand
{
    private const string Approver = "approver";

    public static Command Create(SignerHost host) => new("approval", "Approves on the approver's own machine, with the approver's own token, what a signing service sends.")
    {
        MakeHome(host),
        Sign(host),
    };

    private static Command MakeHome(SignerHost host)
    {
        Option<string> home = Arguments.Required("--home", "DIR", "The approver's home, to be made.");
        Option<string?> root = new("--root") { HelpName = "FILE", Description = "The first root (metadata/1.root.json), handed over by the ceremony." };
        Option<bool> update = new("--update") { Description = "The home is there: only its settings are replaced, after a change of roles." };
        Option<string> settings = Arguments.Required("--settings", "FILE", "The signer's signer.json, handed over by the ceremony. It holds no secret.");
        Option<string?> module = new("--module") { HelpName = "PATH", Description = "The PKCS#11 module of this machine (default: the one that the settings name; with --update, the one that the home names)." };
        Option<string?> policy = new("--key-policy") { HelpName = "FILE", Description = "What each key may sign, handed over by the ceremony (default: key-policy.yaml beside --settings, if it is there; without one, a key signs what its roles sign)." };
        Command command = new("home", "Makes an approver's or keyholder's home from what the ceremony handed over.") { home, root, settings, policy, module, update };
        command.Validators.Add(result =>
        {
            if (result.GetResult(root) is null == result.GetResult(update) is null)
            {
                result.AddError("wanted --root, or --update for a home that is there, got both or neither.");
            }
        });
        command.SetAction(async (arguments, cancellation) =>
        {
            HomeFolder folder = new(arguments.GetRequiredValue(home));
            SignerSettings handed = SignerSettings.Parse(await File.ReadAllBytesAsync(arguments.GetRequiredValue(settings), cancellation));
            string beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(arguments.GetRequiredValue(settings)))!, Path.GetFileName(folder.KeyPolicy));
            string? policyFile = arguments.GetValue(policy) ?? (File.Exists(beside) ? beside : null);
            byte[]? keyPolicy = policyFile is null ? null : await File.ReadAllBytesAsync(policyFile, cancellation);
            if (arguments.GetValue(root) is not { } first)
            {
                ApproverHome.Update(folder, handed, arguments.GetValue(module), keyPolicy);
                await host.Out.WriteLineAsync($"updated: {folder.Root}; it trusts what it trusted before");
                return;
            }

            SignerSettings own = arguments.GetValue(module) is { } other ? handed with { Module = other } : handed;
            ApproverHome.Make(folder, own, await File.ReadAllBytesAsync(first, cancellation), keyPolicy, host.Clock.GetUtcNow());
            await host.Out.WriteLineAsync($"made: {folder.Root}; it trusts what follows from {first}");
        });
        return command;
    }

    private static Command Sign(SignerHost host)
    {
        ReleaseOptions options = new(Approver);
        Option<string> package = Arguments.Required("--package", "DIR", "What the service sent.");
        Option<Sha256Digest> digest = Arguments.ManifestDigest();
        Option<GateOverride?> gates = Arguments.GateOverride("The gates of devices that the release may pass although they are closed. Has to be said of a release that may, and is refused of any other.");
        Option<bool> withdrawal = new("--withdrawal") { Description = "The release with this manifest is to be taken out of the product's role." };
        Option<string> output = Arguments.Required("--out", "FILE", "Where the approval goes (JSON).");
        Command command = new("sign", "Checks a package as a device would, then signs it with the approver's key.");
        options.AddTo(command, package, digest, gates, withdrawal, output);
        command.SetAction(async (arguments, cancellation) =>
        {
            HomeFolder folder = new(arguments.GetRequiredValue(options.Home));
            ProductName product = arguments.GetRequiredValue(options.Product);
            ReleaseVersion version = arguments.GetRequiredValue(options.Version);
            Sha256Digest wanted = arguments.GetRequiredValue(digest);
            using OpenedKey key = options.OpenKey(host, folder, arguments);
            using SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation);
            ApprovalPackage sent = new(arguments.GetRequiredValue(package));
            sent.TakeRepository(home, product, host.Clock.GetUtcNow());
            ApprovalDocument approval;
            if (arguments.GetValue(withdrawal))
            {
                sent.TakeRelease(home, product, version);
                approval = new ApprovalDocument(null, ReleaseWithdrawal.Approve(options.Workshop(host, home, key, arguments), version, wanted));
                await host.Out.WriteLineAsync($"approved: the withdrawal of {options.Name(arguments)}, manifest {wanted}");
            }
            else
            {
                sent.TakeDraft(home, product, version);
                ExaminedDraft draft = ReleaseApproval.Approve(options.Workshop(host, home, key, arguments), version, wanted, arguments.GetValue(gates) ?? GateOverride.None);
                approval = ReleaseApproval.Export(home.Folder, product, version);
                await host.Out.WriteLineAsync(ReleaseCommand.Approved(product, draft));
            }

            DurableFile.Replace(Path.GetFullPath(arguments.GetRequiredValue(output)), approval.ToJson());
        });
        return command;
    }
}
