using System.CommandLine;
using Fota.Manifest.Log;
using Fota.Signer.Home;
using Fota.Signer.Log;

namespace Fota.Signer.Commands;

/// <summary>fota-signer log: show, succeed.</summary>
internal static class LogCommand
{
    public static Command Create(SignerHost host) => new("log", "The log of all that this signer does; `fota audit verify` checks it.") { Show(host), Succeed(host) };

    private static Command Show(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Command show = new("show", "Says where the log is, what verifies it, and how far it is signed, after it held all of it against the journal.") { home };
        show.SetAction(async (arguments, cancellation) =>
        {
            using SignerHome opened = await SignerHome.OpenAsync(new HomeFolder(arguments.GetRequiredValue(home)), host, cancellation);
            VerifiedCheckpoint? newest = LogCheckpoints.Newest(opened);
            if (newest is not null)
            {
                new LogComparison().Demand(opened, newest);
            }

            await host.Out.WriteLineAsync($"log: {opened.Folder.Log}");
            await host.Out.WriteLineAsync($"vkey: {opened.Settings.Log.Verifier(opened.Folder, opened.Settings)}");
            await host.Out.WriteLineAsync($"checkpoint: {newest?.Content.Size ?? 0} entries, root hash {(newest?.Content.Root ?? MerkleHash.OfEmptyTree)}");
            foreach (VerifiedCheckpoint log in ServerPins.ToPin(opened, ServerPins.Published(opened)))
            {
                await host.Out.WriteLineAsync($"server log: {log.Content.Origin}, {log.Content.Size} entries, vkey {log.Key}");
            }

            await host.Out.WriteLineAsync($"waiting: {opened.Log.Count - (newest?.Content.Size ?? 0)}");
        });
        return show;
    }

    private static Command Succeed(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<string> key = Arguments.Label("--key", "KEY", "The label of an ed25519 key on the online token, as `key make` made it.");
        Option<string> origin = Arguments.Required("--origin", "NAME", "What the log is called from now on, for example signer.example/log-2. It never had that name.");
        Command succeed = new("succeed", "Has another key sign the log, under another name: when the online key went to another token, or the log's key was stolen.") { home, key, origin };
        succeed.SetAction(async (arguments, cancellation) =>
        {
            HomeFolder folder = new(arguments.GetRequiredValue(home));
            using SignerHome opened = await SignerHome.OpenAsync(folder, host, cancellation);
            NoteKey now = LogSuccession.Run(opened, arguments.GetRequiredValue(key), arguments.GetRequiredValue(origin));
            await host.Out.WriteLineAsync($"vkey: {now}");
            await host.Out.WriteLineAsync($"next: fota-signer online --home {folder.Root}");
        });
        return succeed;
    }
}
