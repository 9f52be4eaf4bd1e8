using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.Signer.Keys;
using Fota.Signer.Repository;

namespace Fota.Signer.Log;

/// <summary>
/// Signs for the log of an update server, which has no key (P5): what it signed last is in the journal, and it signs a tree that is proven to have begun as that one, and no other. So a server that
/// was taken over can keep its log from growing; it cannot tell two stories of what it told before.
/// </summary>
/// <param name="host">The world outside.</param>
/// <param name="folder">The home.</param>
/// <param name="endpoint">The server.</param>
/// <param name="origin">What its log is called.</param>
internal sealed class Countersigning(SignerHost host, HomeFolder folder, ServerLogEndpoint endpoint, string origin)
{
    /// <summary>Signs for what is new, and gives it to the server.</summary>
    /// <param name="opened">The online key.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <returns>One line that says what was signed, or null when nothing was.</returns>
    /// <exception cref="SignerRefusalException">The tree is not the one that was signed for, grown; nothing is signed.</exception>
    public async Task<string?> RunAsync(OpenedKey opened, CancellationToken cancellation)
    {
        Checkpoint? last;
        using (SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation))
        {
            last = Last(home)?.Content;
        }

        // The home is not locked while bytes travel; whoever signs in between is found when it is opened again.
        ServerTreeHead head = await endpoint.HeadAsync(last?.Size ?? 0, cancellation);
        VerifiedCheckpoint? signed;
        using (SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation))
        {
            signed = Sign(home, opened, last, head);
        }

        if (signed is null)
        {
            return null;
        }

        await endpoint.SendAsync(signed, cancellation);
        return signed.Content.Size == last?.Size ? null : $"{endpoint.Server}: signed for the {signed.Content.Size} entries of log {origin}";
    }

    private VerifiedCheckpoint? Sign(SignerHome home, OpenedKey opened, Checkpoint? asked, ServerTreeHead head)
    {
        NoteKey key = KeyOf(home);
        if (Named(home).Append(origin).Distinct(StringComparer.Ordinal).Count() > TimestampMetadata.MaxLogs)
        {
            throw new SignerRefusalException($"--server-log: wanted one of the {TimestampMetadata.MaxLogs} logs that are named already, as a timestamp names no more, got {origin}");
        }

        VerifiedCheckpoint? last = Last(home);
        if (last?.Content != asked)
        {
            return null; // another process signed meanwhile; the next look begins with that
        }

        if (last is not null && !last.Key.Equals(key))
        {
            throw new SignerRefusalException($"server log {origin}: wanted its key {last.Key}, got {key}: under another key it needs another name (--server-log)");
        }

        Checkpoint next = new(origin, head.Size, head.Root);
        Demand(home, last, next, head);
        if (next.Size == (last?.Content.Size ?? 0))
        {
            // The server may have lost what it was given, or never have heard of it.
            return next.Size == 0 ? null : last;
        }

        string text = next.ToText();
        byte[] signature = home.Signer.Sign(opened.Find(home.Settings.Key(home.Settings.Log.Key)), SigningPurpose.LogCheckpoint, $"{origin} {next.Size}", SignedNote.ToBeSigned(text));
        VerifiedCheckpoint signed = VerifiedCheckpoint.Verify(SignedNote.Assemble(text, key, signature).Bytes, key).OrThrow();
        home.ServerLogs.Signed(signed);
        return signed;
    }

    private void Demand(SignerHome home, VerifiedCheckpoint? signed, Checkpoint next, ServerTreeHead head)
    {
        Checkpoint? last = signed?.Content;
        Rejection? fork = last is null || last.Size == 0 ? null
            : next.Size < last.Size ? new(RejectionReason.LogTruncated, $"wanted at least {last.Size} entries, got {next.Size}")
            : MerkleProof.CheckConsistency(last.Size, last.Root, next.Size, next.Root, head.Proof);
        if (fork is null)
        {
            return;
        }

        string why = $"server log {origin} at {endpoint.Server}: wanted a tree that began as the one of {last!.Size} entries that was signed for, got another ({fork}): nothing is signed for it";
        if (home.ServerLogs.IsNewRefusal(signed!, fork.Reason))
        {
            _ = home.Log.Append(new LogEvent(LogKinds.ServerLogRefused, home.Settings.Log.Key, origin, ("server", endpoint.Server.AbsoluteUri), ("signed", last.Size), ("offered", next.Size), ("root", next.Root), ("why", fork)));
        }

        throw new SignerRefusalException(why);
    }

    /// <summary>The signer's own log has names of its own, before and after: a tree of a server's under one of them would be a second story of the signer's.</summary>
    private NoteKey KeyOf(SignerHome home) => home.Settings.Logs.Any(log => string.Equals(log.Origin, origin, StringComparison.Ordinal))
        ? throw new SignerRefusalException($"--server-log: wanted a name that the signer's own log never had, got {origin}")
        : NoteKey.Of(origin, home.Folder.PublicKey(home.Settings.Key(home.Settings.Log.Key)));

    private static IEnumerable<string> Named(SignerHome home) => ServerPins.ToPin(home, ServerPins.Published(home)).Select(static log => log.Content.Origin);

    /// <summary>What was signed last: by the journal, or, where that was lost, by the published timestamp.</summary>
    private VerifiedCheckpoint? Last(SignerHome home) =>
        home.ServerLogs.All.Concat(ServerPins.Published(home)).Where(log => string.Equals(log.Content.Origin, origin, StringComparison.Ordinal)).MaxBy(static log => log.Content.Size);
}
