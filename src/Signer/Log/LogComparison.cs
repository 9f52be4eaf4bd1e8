using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.Signer.Home;

namespace Fota.Signer.Log;

/// <summary>
/// Holds the journal's entries against the tree that was signed for (L-23): all of them, and every tile, at the first look of a process; then those that came since.
/// What lay there at the last look was found to be the same, and this process wrote nothing over it.
/// </summary>
internal sealed class LogComparison
{
    private long _compared;

    /// <summary>Refuses a journal that tells another story than the tree.</summary>
    /// <exception cref="SignerRefusalException">They differ, or the tree is not what was signed for.</exception>
    public void Demand(SignerHome home, VerifiedCheckpoint signed)
    {
        LogFolder folder = new(home.Folder.Log);
        try
        {
            if (_compared == 0 || _compared > signed.Content.Size)
            {
                _ = LogAudit.Run(folder, signed, [], JournalOf(home)).OrThrow();
            }
            else
            {
                DemandSince(new TiledTree(folder, signed.Content.Size), JournalOf(home));
            }
        }
        catch (RejectedException e) when (e.Rejection.Reason != RejectionReason.LogIncomplete)
        {
            throw new SignerRefusalException($"log: {e.Message}: nothing is signed that would contradict what was ({LogDamage.Runbook})", e);
        }

        _compared = signed.Content.Size;
    }

    /// <summary>Refuses an entry of the log that is another one in the journal. Entries are to be shown to it in their order.</summary>
    public static Action<long, ReadOnlyMemory<byte>> JournalOf(SignerHome home)
    {
        IReadOnlyList<ReadOnlyMemory<byte>> known = [];
        long begin = 0;
        return (number, entry) =>
        {
            if (number >= begin + known.Count)
            {
                (begin, known) = (number, home.Log.Read(number, TileAddress.FullWidth));
            }

            if (known.Count == 0 || !known[(int)(number - begin)].Span.SequenceEqual(entry.Span))
            {
                throw new RejectedException(RejectionReason.LogMismatch, $"wanted entry {number} as it is in the log, got another in the journal");
            }
        };
    }

    private void DemandSince(TiledTree tree, Action<long, ReadOnlyMemory<byte>> journal)
    {
        for (long first = _compared / TileAddress.FullWidth * TileAddress.FullWidth; first < tree.Size; first += TileAddress.FullWidth)
        {
            foreach ((int offset, ReadOnlyMemory<byte> entry) in tree.BundleOf(first).Index())
            {
                journal(first + offset, entry);
            }
        }
    }
}
