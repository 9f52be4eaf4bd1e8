using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Log;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;

namespace Fota.Cli.Audit;

/// <summary>A log to be audited: its files, the key that an auditor trusts, and the checkpoints that it must have grown from.</summary>
/// <param name="Files">Its files.</param>
/// <param name="Checkpoint">Its newest checkpoint.</param>
/// <param name="Earlier">What it must have grown from.</param>
internal sealed record AuditedSource(ITileSource Files, VerifiedCheckpoint Checkpoint, IReadOnlyList<VerifiedCheckpoint> Earlier)
{
    /// <summary>A log whose key the auditor was told.</summary>
    public static AuditedSource ByKey(ITileSource log, NoteKey key, IEnumerable<FileInfo> earlier) => Of(log, key, [], earlier);

    /// <summary>The log of a repository: its key, and a checkpoint that devices pin, are those of the timestamp.</summary>
    /// <param name="repository">Its files: metadata/ and log/.</param>
    /// <param name="root">A root that the auditor trusts.</param>
    /// <param name="earlier">Checkpoints that the auditor holds.</param>
    /// <param name="now">The moment, by which metadata must not be expired.</param>
    public static AuditedSource ByRoot(ITileSource repository, byte[] root, IEnumerable<FileInfo> earlier, DateTimeOffset now)
    {
        TrustedMetadataSet trust = TrustedMetadataSet.Start(root, now, MetadataProfile.Fota).OrThrow();
        for (int walked = 0; walked < DecodeLimits.RootRotations && repository.Read("metadata/" + MetadataFileName.Root(trust.Root.Version + 1), DecodeLimits.RootBytes) is { } next; walked++)
        {
            _ = trust.UpdateRoot(next).OrThrow();
        }

        byte[] timestamp = repository.Read("metadata/" + MetadataFileName.Timestamp, DecodeLimits.TimestampBytes)
            ?? throw new CommandFailedException("metadata/timestamp.json: wanted it, got no such file: is this the repository?");
        VerifiedCheckpoint pinned = trust.UpdateTimestamp(timestamp).OrThrow().Logs is [.., var newest]
            ? newest
            : throw new RejectedException(RejectionReason.LogIncomplete, "timestamp: wanted one that names a log, got none");
        return Of(LogSources.Below(repository, "log"), pinned.Key, [pinned], earlier);
    }

    /// <summary>Verifies all of it.</summary>
    /// <param name="entry">Shown each entry, once it was found to be one of ours.</param>
    public AuditedLog Audit(Action<ReadOnlyMemory<byte>> entry) => LogAudit.Run(Files, Checkpoint, Earlier, (number, bytes) =>
    {
        LogEntry read = LogEntry.Decode(bytes).IsAccepted(out LogEntry? decoded, out Rejection? rejection) ? decoded : throw new RejectedException(rejection.Reason, $"entry {number}: {rejection.Detail}");
        if (read.Number != number)
        {
            throw new RejectedException(RejectionReason.LogMismatch, $"entry {number}: wanted its number in it, got {read.Number}");
        }

        entry(bytes);
    }).OrThrow();

    private static AuditedSource Of(ITileSource log, NoteKey key, IEnumerable<VerifiedCheckpoint> pinned, IEnumerable<FileInfo> earlier)
    {
        byte[] note = log.Read(ITileSource.Checkpoint, LogLimits.NoteBytes) ?? throw new RejectedException(RejectionReason.LogIncomplete, "checkpoint: wanted it, got no such file");
        return new AuditedSource(
            log,
            VerifiedCheckpoint.Verify(note, key).OrThrow(),
            [.. pinned, .. earlier.Select(file => VerifiedCheckpoint.Verify(File.ReadAllBytes(file.FullName), key).OrThrow())]);
    }
}
