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
    /// <returns>How many entries were taken back.</returns>
    /// <exception cref="SignerRefusalException">The log is not what was signed, or the journal holds other entries.</exception>
    public static long Run(SignerHome home)
    {
        long count = home.Log.Count;
        if (LogSequencer.NewestCheckpoint(home) is not { } checkpoint || checkpoint.Content.Size <= count)
        {
            return 0;
        }

        List<ReadOnlyMemory<byte>> lacking = [];
        Verdict<AuditedLog> audited = LogAudit.Run(new LogFolder(home.Folder.Log), checkpoint, [], (number, entry) =>
        {
            if (number >= count)
            {
                lacking.Add(entry);
            }
            else if (!home.Log.Read(number, 1)[0].Span.SequenceEqual(entry.Span))
            {
                throw new RejectedException(RejectionReason.LogMismatch, $"wanted entry {number} as it is in the log, got another in the journal");
            }
        });
        if (!audited.IsAccepted(out _, out Rejection? rejection))
        {
            throw new SignerRefusalException($"the journal lacks {checkpoint.Content.Size - count} entries that are in the log, and they cannot be taken from there: {rejection}");
        }

        home.Log.Restore(lacking, new LogEvent(LogKinds.LogRestored, "-", checkpoint.Content.Origin, ("entries", lacking.Count), ("checkpoint", checkpoint.Content.Size)));
        return lacking.Count;
    }
}
