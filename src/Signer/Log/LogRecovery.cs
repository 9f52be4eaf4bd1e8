using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.Signer.Home;

namespace Fota.Signer.Log;

/// <summary>
/// A journal that was lost, or restored from an old copy, lacks entries that the log has and that were signed for. They are taken back from the log, after the whole of it was verified, before
/// anything new is entered: else the same numbers would be given twice, and nothing could be signed any more. What the authorities keep is made of the entries again: names, what was taken back,
/// numbers of lists, and devices that may have a certificate.
/// </summary>
internal static class LogRecovery
{
    /// <returns>How many entries were taken back, and why the checkpoint on disk could not be read: null if it could, or if there is none.</returns>
    /// <exception cref="SignerRefusalException">The log is not what was signed, or the journal holds other entries.</exception>
    public static (long Taken, string? Damage) Run(SignerHome home)
    {
        long count = home.Log.Count;
        (VerifiedCheckpoint? newest, string? damage) = Signed(home);
        if (newest is not { } checkpoint || checkpoint.Content.Size <= count)
        {
            return (0, damage);
        }

        List<ReadOnlyMemory<byte>> lacking = [];
        Action<long, ReadOnlyMemory<byte>> journal = LogComparison.JournalOf(home);
        Verdict<AuditedLog> audited = LogAudit.Run(new LogFolder(home.Folder.Log), checkpoint, [], (number, entry) =>
        {
            if (number >= count)
            {
                lacking.Add(entry);
            }
            else
            {
                journal(number, entry);
            }
        });
        if (!audited.IsAccepted(out _, out Rejection? rejection))
        {
            throw new SignerRefusalException($"the journal lacks {checkpoint.Content.Size - count} entries that are in the log, and they cannot be taken from there: {rejection}");
        }

        // One transaction: there is no journal that has the entries, and lacks what they say was taken back.
        home.Log.Restore(lacking, entry => RestoreRow(home, entry), new LogEvent(LogKinds.LogRestored, "-", checkpoint.Content.Origin, ("entries", lacking.Count), ("checkpoint", checkpoint.Content.Size)));
        return (lacking.Count, damage);
    }

    /// <summary>
    /// A journal that is not the one of the log, or that has no log to be compared with though devices pinned one, lacks nobody knows what: what was revoked, whose names are
    /// whose, which numbers were given. No authority signs anything then.
    /// </summary>
    /// <exception cref="SignerRefusalException">It is such a one.</exception>
    public static void DemandWhole(SignerHome home)
    {
        VerifiedCheckpoint? checkpoint = LogCheckpoints.Newest(home);
        long size = checkpoint?.Content.Size ?? 0;
        if (LogCheckpoints.Published(home).FirstOrDefault(log => log.Content.Size > size) is { } ahead)
        {
            throw new SignerRefusalException($"journal: wanted the log with the {ahead.Content.Size} entries that devices pinned, got one with {size}: what was revoked may be among those that the journal lacks; put back {home.Folder.Log} from a backup or a server");
        }

        // The journal went on without the log, if the last entry that was signed for is another one in it: each bears the moment in which it was made.
        if (size > 0 && !new TiledTree(new LogFolder(home.Folder.Log), size).Entry(size - 1).Span.SequenceEqual(home.Log.Read(size - 1, 1)[0].Span))
        {
            throw new SignerRefusalException($"journal: wanted entry {size - 1} as it is in the log, got another: what was revoked may be among those that the journal lacks; move {home.Folder.Journal} away, and it is made of the log again");
        }
    }

    private static void RestoreRow(SignerHome home, LogEntry entry)
    {
        switch (entry.Kind)
        {
            case LogKinds.CertificateIssued:
                home.Names.Restore(entry);
                break;
            case LogKinds.CertificateRevoked:
                home.Revoked.Restore(entry);
                break;
            case LogKinds.RevocationListSigned:
                home.Revoked.RestoreNumber(entry);
                break;
            case LogKinds.DevicesAllowed:
                home.Allowed.Restore(entry);
                break;
            case LogKinds.DevicesDisallowed:
                home.Allowed.RestoreEnd(entry);
                break;
            default:
                break;
        }
    }

    /// <summary>The newest checkpoint that can be read: the one on disk, or else what the published timestamp pins, which was signed for as well.</summary>
    private static (VerifiedCheckpoint? Newest, string? Damage) Signed(SignerHome home)
    {
        try
        {
            return (LogCheckpoints.Newest(home) ?? Pinned(home), null);
        }
        catch (SignerRefusalException e)
        {
            return (Pinned(home), e.Message);
        }
    }

    private static VerifiedCheckpoint? Pinned(SignerHome home) => LogCheckpoints.Published(home) is [.., var newest] ? newest : null;
}
