using System.CommandLine;
using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.Signer.Home;
using Fota.Signer.Keys;
using Fota.Signer.Log;
using Fota.Signer.Repository;
using Fota.Signer.Roles;

namespace Fota.Signer.Commands;

/// <summary>fota-signer role: list, propose, sign, apply, discard.</summary>
internal static class RoleCommand
{
    public static Command Create(SignerHost host) => new("role", "Changes who signs for a role, how many of them, for how long; one change at a time.")
    {
        RoleListCommand.Create(host),
        Propose(host),
        Sign(host),
        Apply(host),
        Discard(host),
    };

    private static Command Propose(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<string[]> roles = new("--role") { HelpName = "ROLE", Description = "root, targets, snapshot, timestamp or a product; snapshot and timestamp may be named together.", Required = true };
        Option<string[]> add = new("--add-key") { HelpName = "KEY", Description = "The label of a key that will sign for the role; may be repeated." };
        Option<string[]> remove = new("--remove-key") { HelpName = "KEY", Description = "The label of a key that no longer will; may be repeated." };
        Option<int?> threshold = new("--threshold") { HelpName = "N", Description = "How many of its keys have to sign." };
        Option<int?> days = new("--expires-days") { HelpName = "N", Description = "How long what they sign is good for, from now on." };
        Option<int?> bins = new("--hash-bins") { HelpName = "N", Description = "Spreads the product's releases over so many files: a power of two up to 4096, or 0 for none." };
        Option<long?> atLeast = new("--at-least") { HelpName = "N", Description = "The number of the next snapshot: past those that a thief of the online key published under." };
        Option<bool> renew = new("--renew") { Description = "Signs the role again, so that it does not expire." };
        Command command = new("propose", "Computes what a change means, and lays it out to be signed. It needs no key.") { home, roles, add, remove, threshold, days, bins, atLeast, renew };
        command.SetAction(async (arguments, cancellation) =>
        {
            HomeFolder folder = new(arguments.GetRequiredValue(home));
            using SignerHome opened = await SignerHome.OpenAsync(folder, host, cancellation);
            DateTimeOffset now = host.Clock.GetUtcNow();
            ChangeRequest request = new(
                arguments.GetRequiredValue(roles),
                arguments.GetValue(add) ?? [],
                arguments.GetValue(remove) ?? [],
                arguments.GetValue(threshold),
                arguments.GetValue(days),
                arguments.GetValue(bins),
                arguments.GetValue(renew),
                now,
                arguments.GetValue(atLeast));
            ChangeDraft draft = ChangeDraft.Begin(folder, opened.Settings, request, now, proposal => opened.Log.Append(
                new LogEvent(LogKinds.RoleProposed, "-", string.Join(", ", request.Roles), ("change", proposal.Digest), ("effects", string.Join("\n", proposal.Effects)))));
            await ShowEffectsAsync(host, draft);
            await host.Out.WriteLineAsync($"change: {draft.Proposal.Digest}");
            await ShowNextAsync(host, draft, arguments.GetRequiredValue(home));
        });
        return command;
    }

    private static Command Sign(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<string> label = Arguments.Required("--key", "KEY", "The label of the key to sign with.");
        Option<Sha256Digest> digest = Arguments.ChangeDigest();
        Option<string?> pinFile = Arguments.PinFile();
        Command command = new("sign", "Shows the change, and signs what of it this key may sign and nothing else.") { home, label, digest, pinFile };
        command.SetAction(async (arguments, cancellation) =>
        {
            HomeFolder folder = new(arguments.GetRequiredValue(home));
            using OpenedKey key = OpenedKey.Open(host, folder, arguments.GetRequiredValue(label), arguments.GetValue(pinFile));
            using SignerHome opened = await SignerHome.OpenAsync(folder, host, cancellation);
            ChangeDraft draft = ChangeDraft.Require(folder, opened.Settings, host.Clock.GetUtcNow());
            draft.Demand(arguments.GetRequiredValue(digest), "signed");
            DemandNoCeremony(folder, draft);
            draft.Change.Request.DemandPast(host.Clock.GetUtcNow());
            await ShowEffectsAsync(host, draft);
            int signed = new ChangeSigning(opened, draft, key.Key, host.Out.WriteLine).Run();
            await host.Out.WriteLineAsync(signed == 0 ? $"key {key.Key.Label} has signed before what it can sign now" : $"signed: {signed} with {key.Key.Label}");
            await ShowNextAsync(host, draft, arguments.GetRequiredValue(home));
        });
        return command;
    }

    private static Command Apply(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<Sha256Digest> digest = Arguments.ChangeDigest();
        Option<string?> pinFile = Arguments.PinFile();
        Command command = new("apply", "Rehearses the complete change as clients will see it, then puts it in force with a snapshot and a timestamp by the online key.") { home, digest, pinFile };
        command.SetAction(async (arguments, cancellation) =>
        {
            HomeFolder folder = new(arguments.GetRequiredValue(home));
            Sha256Digest wanted = arguments.GetRequiredValue(digest);
            using SignerHome opened = await SignerHome.OpenAsync(folder, host, cancellation);
            string outcome = opened.CompletedChange switch
            {
                null => await ApplyAsync(host, opened, wanted, arguments.GetValue(pinFile)),
                string completed when completed == wanted.ToString() => $"applied: change {completed}; it was decided before, and is complete now",
                string completed => throw new SignerRefusalException($"change: wanted {wanted} (the one to be applied), got change {completed}, which was decided before, and is complete now"),
            };
            await host.Out.WriteLineAsync(outcome);
            await host.Out.WriteLineAsync($"next: fota-signer online --home {folder.Root}");
        });
        return command;
    }

    private static async Task<string> ApplyAsync(SignerHost host, SignerHome home, Sha256Digest wanted, string? pinFile)
    {
        ChangeDraft draft = ChangeDraft.Require(home.Folder, home.Settings, host.Clock.GetUtcNow());
        draft.Demand(wanted, "applied");
        DemandNoCeremony(home.Folder, draft);
        await ShowEffectsAsync(host, draft);
        using OpenedKey key = OpenedKey.Open(host, home.Folder, draft.Change.After.Roles.Timestamp.Keys[0], pinFile);
        return $"applied: change {wanted}; {ChangeInstallation.Apply(home, draft, OnlineKeys.Find(key, draft.Change.After), host.Clock.GetUtcNow())}";
    }

    private static Command Discard(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Command command = new("discard", "Drops the change that is on its way.") { home };
        command.SetAction(async (arguments, cancellation) =>
        {
            HomeFolder folder = new(arguments.GetRequiredValue(home));
            using SignerHome opened = await SignerHome.OpenAsync(folder, host, cancellation);
            string discarded = ChangeDraft.Delete(folder);
            _ = opened.Log.Append(new LogEvent(LogKinds.RoleDiscarded, "-", $"change {discarded}"));
            await host.Out.WriteLineAsync($"discarded: change {discarded}; what was signed of it is in the journal, and copies of it are still signed");
        });
        return command;
    }

    // A ceremony leaves statements and a transcript, which these commands know nothing of.
    private static void DemandNoCeremony(HomeFolder folder, ChangeDraft draft)
    {
        // A proposal that lost the name of its file is not one that never had it.
        if (draft.Change.Request.Ceremony is null && (Path.Exists(folder.CeremonyFile) || Directory.Exists(folder.Statements)))
        {
            throw new SignerRefusalException($"change {draft.Proposal.Digest} names no ceremony, and a ceremony's file or statements lie in it: somebody altered the proposal; `fota-signer role discard` drops it");
        }

        if (draft.Change.Request.Ceremony is { } file)
        {
            throw new SignerRefusalException($"the change is that of a ceremony: `fota-signer ceremony run` with the file {file} signs it and puts it in force");
        }
    }

    // All of them, to everybody: some stand in no metadata that this key signs, or in none at all.
    private static async Task ShowEffectsAsync(SignerHost host, ChangeDraft draft)
    {
        foreach (string line in draft.Proposal.Effects)
        {
            await host.Out.WriteLineAsync(line);
        }
    }

    private static async Task ShowNextAsync(SignerHost host, ChangeDraft draft, string home)
    {
        IReadOnlyList<string> missing = draft.Missing();
        foreach (string line in missing)
        {
            await host.Out.WriteLineAsync($"wanted: {line}");
        }

        await host.Out.WriteLineAsync(missing.Count > 0
            ? $"next: fota-signer role sign --home {home} --change {draft.Proposal.Digest} --key KEY"
            : $"next: fota-signer role apply --home {home} --change {draft.Proposal.Digest}");
    }
}
