using Fota.Manifest.Encoding;
using Fota.Manifest.Log;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Repository;

namespace Fota.Signer.Log;

/// <summary>Which checkpoints of the log there are: the one on disk, and those that devices have pinned.</summary>
internal static class LogCheckpoints
{
    /// <summary>The checkpoint on disk, signed by the key of today or by one that it succeeded; null if there is none.</summary>
    /// <exception cref="SignerRefusalException">What lies there cannot be read, or is no checkpoint of this log.</exception>
    public static VerifiedCheckpoint? Newest(SignerHome home)
    {
        LogFolder folder = new(home.Folder.Log);
        try
        {
            return folder.Read(ITileSource.Checkpoint, LogLimits.NoteBytes) is { } note ? Verify(home, note) : null;
        }
        catch (Exception e) when (LogDamage.Is(e))
        {
            throw new SignerRefusalException(
                $"{folder.FullPath(ITileSource.Checkpoint)}: wanted a checkpoint of log {home.Settings.Log.Origin}, got {e.Message}: nothing new goes into the log until the file is put back or moved away ({LogDamage.Runbook})",
                e);
        }
    }

    /// <summary>The checkpoints that the published timestamp carries, the one of today's log last; none before the first timestamp.</summary>
    public static IReadOnlyList<VerifiedCheckpoint> Published(SignerHome home)
    {
        RepositoryFolder repository = new(home.Folder.Repository);
        return repository.Has(RepositoryFolder.Timestamp)
            ? SignedMetadata.Decode(repository.Read(RepositoryFolder.Timestamp), DecodeLimits.TimestampBytes, MetadataProfile.Fota).OrThrow().UnverifiedTimestamp().OrThrow().Logs
            : [];
    }

    /// <summary>
    /// What the next timestamp pins: the newest checkpoint, and the last one of each log that it succeeded, as devices refuse a timestamp that names a log
    /// no longer. Where the one on disk is gone, unreadable, older than what was published, or of a tree that is not there to be served, it pins what it pinned before.
    /// </summary>
    /// <param name="home">The home.</param>
    /// <param name="before">What the timestamp of now pins.</param>
    public static IReadOnlyList<VerifiedCheckpoint> ToPin(SignerHome home, IReadOnlyList<VerifiedCheckpoint> before)
    {
        try
        {
            return Newest(home) is { } newest && IsNext(newest, before, new LogFolder(home.Folder.Log))
                ? [.. before.Where(log => !string.Equals(log.Content.Origin, newest.Content.Origin, StringComparison.Ordinal)), newest]
                : before;
        }
        catch (Exception e) when (LogDamage.Is(e))
        {
            // Why is said by whoever opens the home and by whoever wants an entry in the log: a timestamp is not where to stop for it.
            return before;
        }
    }

    /// <summary>Whether a server could serve its whole tree, and devices that pinned the log before would follow; not a log that was set back to its past, or to that of a former key.</summary>
    private static bool IsNext(VerifiedCheckpoint newest, IReadOnlyList<VerifiedCheckpoint> before, LogFolder folder)
    {
        TiledTree tree = new(folder, newest.Content.Size);
        bool isKnown = before.Any(log => string.Equals(log.Content.Origin, newest.Content.Origin, StringComparison.Ordinal));
        return TileAddress.OfTree(tree.Size).All(tile => folder.Has(tile) || folder.Has(tile.Full))
            && tree.Root() == newest.Content.Root
            && (!isKnown || newest.CheckSuccessorOf(before[^1], tree) is null);
    }

    private static VerifiedCheckpoint Verify(SignerHome home, byte[] note)
    {
        string origin = Checkpoint.Parse(SignedNote.Decode(note).OrThrow().Text).Origin;
        LogSettings settings = home.Settings.Logs.FirstOrDefault(log => string.Equals(log.Origin, origin, StringComparison.Ordinal))
            ?? throw new SignerRefusalException("one of another log");
        return VerifiedCheckpoint.Verify(note, settings.Verifier(home.Folder, home.Settings)).OrThrow();
    }
}
