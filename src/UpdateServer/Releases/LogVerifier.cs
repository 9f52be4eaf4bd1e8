using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Log;
using Fota.Manifest.Metadata;

namespace Fota.UpdateServer.Releases;

/// <summary>
/// Verifies the signer's log before it is served: the checkpoint is one that the timestamp carries, every file of the tree is there and is what the checkpoint says, and the log that is
/// served now is how it began (A51).
/// </summary>
internal static class LogVerifier
{
    /// <param name="content">What the publication can draw on.</param>
    /// <param name="timestamp">Its timestamp, verified.</param>
    /// <param name="stored">The timestamp that is served now, unless a new root voided it; null for none.</param>
    /// <exception cref="RejectedException">Anything is wrong with any of it.</exception>
    public static void Verify(PublicationContent content, TimestampMetadata timestamp, byte[]? stored)
    {
        if (!content.Has(RepositoryPath.LogCheckpoint))
        {
            if (timestamp.Logs.Count > 0)
            {
                throw new RejectedException(RejectionReason.LogIncomplete, $"{RepositoryPath.LogCheckpoint.Text}: wanted the checkpoint that the timestamp carries, got none");
            }

            return;
        }

        byte[] note = content.Read(RepositoryPath.LogCheckpoint);
        VerifiedCheckpoint checkpoint = timestamp.Logs.FirstOrDefault(log => log.Note.Bytes.Span.SequenceEqual(note))
            ?? throw new RejectedException(RejectionReason.ForeignLog, $"{RepositoryPath.LogCheckpoint.Text}: wanted a checkpoint that the timestamp carries, got another");
        IReadOnlyList<VerifiedCheckpoint> served = stored is null ? [] : SignedMetadata.Decode(stored, DecodeLimits.TimestampBytes, MetadataProfile.Fota).OrThrow().UnverifiedTimestamp().OrThrow().Logs;

        // That entries are of our form is for auditors to say: a kind that a newer signer writes must not stop its publications.
        // A log that got another key goes on: the last checkpoint of each former one, and whatever was served before, is how it began.
        _ = LogAudit.Run(new ContentSource(content), checkpoint, timestamp.Logs.Concat(served), static (_, _) => { }).OrThrow();
    }

    private sealed class ContentSource(PublicationContent content) : ITileSource
    {
        public byte[]? Read(string path, int maxBytes)
        {
            RepositoryPath? found = TileAddress.TryParse(path, out TileAddress? tile) ? RepositoryPath.LogTile(tile) : null;
            return found is not null && content.Has(found) ? content.Read(found) : null;
        }
    }
}
