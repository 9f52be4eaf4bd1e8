using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.Signer.Home;

namespace Fota.Signer.Log;

/// <summary>
/// A journal that was lost, or restored from an old copy, lacks entries that the log has and that were signed for. They are taken back from the log, after the whole of it was verified, before
/// anything new is entered: else the same numbers would be given twice, and nothing could be signed any more.
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

        home.Log.Restore(lacking, new LogEvent(LogKinds.LogRestored, "-", checkpoint.Content.Origin, ("entries", lacking.Count), ("checkpoint", checkpoint.Content.Size)));
        return (lacking.Count, damage);
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
