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
    /// <summary>The other logs of servers that the same timestamp names.</summary>
    public IReadOnlyList<string> Beside { get; init; } = [];

    /// <summary>A log whose key the auditor was told.</summary>
    public static AuditedSource ByKey(ITileSource log, NoteKey key, IEnumerable<FileInfo> earlier) => Of(log, [key], [], earlier);

    /// <summary>The log of a repository: its key, and what devices pin, are those of the timestamp. The keys that it had before are named there too, each with its last checkpoint.</summary>
    /// <param name="repository">Its files: metadata/ and log/.</param>
    /// <param name="root">A root that the auditor trusts.</param>
    /// <param name="earlier">Checkpoints that the auditor holds.</param>
    /// <param name="now">The moment, by which metadata must not be expired.</param>
    public static AuditedSource ByRoot(ITileSource repository, byte[] root, IEnumerable<FileInfo> earlier, DateTimeOffset now)
    {
        return TimestampOf(repository, root, now).Logs is [_, ..] pinned
            ? Of(LogSources.Below(repository, "log"), [.. pinned.Select(static log => log.Key)], pinned, earlier)
            : throw new RejectedException(RejectionReason.LogIncomplete, "timestamp: wanted one that names a log, got none");
    }

    /// <summary>
    /// The log of a server, held against what devices pin of it: key and checkpoint are those that the repository's timestamp has under the log's name. Names stay there when a log goes on under
    /// another one; so which it is is for the auditor to say, and not for the server, which could show one that is of the past.
    /// </summary>
    /// <param name="log">Its files.</param>
    /// <param name="name">Its name; null where the timestamp names one alone.</param>
    /// <param name="repository">The repository's: metadata/.</param>
    /// <param name="root">A root that the auditor trusts.</param>
    /// <param name="earlier">Checkpoints that the auditor holds.</param>
    /// <param name="now">The moment, by which metadata must not be expired.</param>
    /// <exception cref="RejectedException">The timestamp names no such log: no device holds what it says; or it is another one.</exception>
    /// <exception cref="CommandFailedException">The timestamp names several, and nobody said which it is.</exception>
    public static AuditedSource ByPin(ITileSource log, string? name, ITileSource repository, byte[] root, IEnumerable<FileInfo> earlier, DateTimeOffset now)
    {
        IReadOnlyList<VerifiedCheckpoint> named = TimestampOf(repository, root, now).ServerLogs;
        string all = named.Count == 0 ? "none" : string.Join(", ", named.Select(static pinned => pinned.Content.Origin));
        if (name is null && named.Count > 1)
        {
            throw new CommandFailedException($"--log: wanted the name of the log, as the timestamp names several ({all}), got none");
        }

        // What it says of itself is believed for nothing but the refusal.
        string wanted = name ?? Fota.Manifest.Log.Checkpoint.Parse(SignedNote.Decode(NoteOf(log)).OrThrow().Text).Origin;
        return named.FirstOrDefault(pinned => string.Equals(pinned.Content.Origin, wanted, StringComparison.Ordinal)) is { } own
            ? Of(log, [own.Key], [own], earlier) with { Beside = [.. named.Where(other => other != own).Select(static other => other.Content.Origin)] }
            : throw new RejectedException(RejectionReason.ForeignLog, $"timestamp: wanted one that names server log {wanted}, got {all}");
    }

    private static TimestampMetadata TimestampOf(ITileSource repository, byte[] root, DateTimeOffset now)
    {
        TrustedMetadataSet trust = TrustedMetadataSet.Start(root, now, MetadataProfile.Fota).OrThrow();
        for (int walked = 0; walked < DecodeLimits.RootRotations && repository.Read("metadata/" + MetadataFileName.Root(trust.Root.Version + 1), DecodeLimits.RootBytes) is { } next; walked++)
        {
            _ = trust.UpdateRoot(next).OrThrow();
        }

        byte[] timestamp = repository.Read("metadata/" + MetadataFileName.Timestamp, DecodeLimits.TimestampBytes)
            ?? throw new CommandFailedException("metadata/timestamp.json: wanted it, got no such file: is this the repository?");
        return trust.UpdateTimestamp(timestamp).OrThrow();
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

    /// <summary>Proves that an entry is in it, once each earlier checkpoint is proven to be how it began: what contradicts those is worth no proof.</summary>
    public LogProof Prove(long entry)
    {
        TiledTree tree = new(Files, Checkpoint.Content.Size);
        foreach (VerifiedCheckpoint old in Earlier)
        {
            if (Checkpoint.CheckGrownFrom(old, tree) is { } rejection)
            {
                throw new RejectedException(rejection);
            }
        }

        return LogProof.Make(Files, Checkpoint, entry);
    }

    /// <param name="log">Its files.</param>
    /// <param name="keys">Its keys, the one of now last.</param>
    /// <param name="pinned">What it must have grown from.</param>
    /// <param name="earlier">Notes of the same, by any of the keys.</param>
    private static AuditedSource Of(ITileSource log, IReadOnlyList<NoteKey> keys, IEnumerable<VerifiedCheckpoint> pinned, IEnumerable<FileInfo> earlier)
    {
        return new AuditedSource(
            log,
            VerifiedCheckpoint.Verify(NoteOf(log), keys[^1]).OrThrow(),
            [.. pinned, .. earlier.Select(file => Kept(File.ReadAllBytes(file.FullName), keys))]);
    }

    private static byte[] NoteOf(ITileSource log) => log.Read(ITileSource.Checkpoint, LogLimits.NoteBytes) ?? throw new RejectedException(RejectionReason.LogIncomplete, "checkpoint: wanted it, got no such file");

    /// <summary>A checkpoint by that of the keys whose name it bears.</summary>
    private static VerifiedCheckpoint Kept(byte[] note, IReadOnlyList<NoteKey> keys)
    {
        string origin = Fota.Manifest.Log.Checkpoint.Parse(SignedNote.Decode(note).OrThrow().Text).Origin;
        return VerifiedCheckpoint.Verify(note, keys.FirstOrDefault(key => string.Equals(key.Name, origin, StringComparison.Ordinal)) ?? keys[^1]).OrThrow();
    }
}
