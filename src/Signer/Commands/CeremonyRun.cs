using Fota.Manifest;
using Fota.Signer.Ceremony;
using Fota.Signer.Home;
using Fota.Signer.Roles;

namespace Fota.Signer.Commands;

/// <summary>fota-signer ceremony run, of a file that changes roles: what is done, and what is said of what is left to do.</summary>
internal static class CeremonyRun
{
    public static async Task ChangeAsync(SignerHost host, CeremonyFile file, byte[] yaml, string plan, string home, CeremonyPins pins, CancellationToken cancellation)
    {
        using SignerHome opened = await SignerHome.OpenAsync(new HomeFolder(home), host, cancellation);
        CeremonyOutcome outcome = new ChangeCeremony(host, opened, file, pins).Run(yaml);
        if (outcome.Draft is { } draft)
        {
            await ShowNextAsync(host, draft, outcome.Missing, plan, home);
            return;
        }

        byte[] transcript = await File.ReadAllBytesAsync(outcome.Transcript!, cancellation);
        await host.Out.WriteLineAsync(outcome.Held is { } held ? $"held: {held}" : $"applied: {outcome.Summary}");
        await host.Out.WriteLineAsync($"transcript: {Sha256Digest.Of(transcript)}");
        await host.Out.WriteLineAsync($"file: {outcome.Transcript}");
        if (outcome.Held is null)
        {
            await host.Out.WriteLineAsync($"next: fota-signer online --home {home}; then `fota-signer approval home --update` on the machines of approvers and keyholders");
        }
    }

    /// <summary>Who is missing, and how to get them.</summary>
    public static async Task ShowNextAsync(SignerHost host, ChangeDraft draft, IReadOnlyList<string> missing, string plan, string home)
    {
        foreach (string line in missing)
        {
            await host.Out.WriteLineAsync($"wanted: {line}");
        }

        string run = $"fota-signer ceremony run {plan} --home {home} --pin-dir DIR --ceremony {draft.Change.Request.Ceremony}";
        if (missing.Count == 0)
        {
            await host.Out.WriteLineAsync($"next: with the PIN of token {draft.Change.After.Key(draft.Change.After.Roles.Timestamp.Keys[0]).Token}, {run}");
            return;
        }

        await host.Out.WriteLineAsync($"next: whoever is here, {run}");
        await host.Out.WriteLineAsync($"next: for whoever is elsewhere, fota-signer ceremony export --home {home} --out PACKAGE");
    }
}
