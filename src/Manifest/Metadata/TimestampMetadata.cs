using System.Text.Json;
using Fota.Manifest.Log;

namespace Fota.Manifest.Metadata;

/// <summary>Which snapshot is the newest (TUF 1.0.34 section 4.6), and, in our profile, which checkpoints of logs are.</summary>
public sealed class TimestampMetadata : MetadataContent
{
    /// <summary>Most logs that a timestamp names.</summary>
    public const int MaxLogs = 8;

    private static readonly string s_snapshot = MetadataFileName.InMeta("snapshot");

    /// <summary>Makes the content of a timestamp that names no log.</summary>
    public TimestampMetadata(long version, DateTimeOffset expires, MetaFile snapshot)
        : this(version, expires, snapshot, [])
    {
    }

    /// <summary>Makes the content of a timestamp.</summary>
    /// <param name="version">At least 1.</param>
    /// <param name="expires">From then on it is not trusted.</param>
    /// <param name="snapshot">The newest snapshot.</param>
    /// <param name="logs">The newest checkpoint of each log, at most <see cref="MaxLogs"/>.</param>
    /// <param name="serverLogs">The newest checkpoint of each log of an update server's, at most <see cref="MaxLogs"/>; left out: none.</param>
    /// <exception cref="RejectedException">A log is named twice, or there are too many.</exception>
    public TimestampMetadata(long version, DateTimeOffset expires, MetaFile snapshot, IReadOnlyList<VerifiedCheckpoint> logs, IReadOnlyList<VerifiedCheckpoint>? serverLogs = null)
        : base(version, expires)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(logs);
        Snapshot = snapshot;
        Logs = [.. logs];
        ServerLogs = [.. serverLogs ?? []];
        DemandCount(PinnedLogs.Member, Logs.Count);
        DemandCount(PinnedLogs.ServerMember, ServerLogs.Count);
        if (AllLogs.DistinctBy(static log => log.Content.Origin, StringComparer.Ordinal).Count() != Logs.Count + ServerLogs.Count)
        {
            throw new RejectedException(RejectionReason.DuplicateField, "\"logs\": wanted each log once, got one twice");
        }
    }

    /// <summary>The newest snapshot.</summary>
    public MetaFile Snapshot { get; }

    /// <summary>A checkpoint of each log that whoever takes this timestamp pins; none where the writer has no log.</summary>
    public IReadOnlyList<VerifiedCheckpoint> Logs { get; }

    /// <summary>The same of the logs of update servers, which the signer signs for; none where it signs for none.</summary>
    public IReadOnlyList<VerifiedCheckpoint> ServerLogs { get; }

    private IEnumerable<VerifiedCheckpoint> AllLogs => Logs.Concat(ServerLogs);

    private protected override string TypeName => "timestamp";

    /// <summary>Why this cannot be the timestamp after <paramref name="old"/>, by the logs that both name; null if it can: each log that was named is named still, and has grown.</summary>
    internal Rejection? CheckLogsAfter(TimestampMetadata old)
    {
        foreach (VerifiedCheckpoint pinned in old.AllLogs)
        {
            if (AllLogs.FirstOrDefault(log => string.Equals(log.Content.Origin, pinned.Content.Origin, StringComparison.Ordinal)) is not { } now)
            {
                return new(RejectionReason.LogTruncated, $"timestamp: wanted log {pinned.Content.Origin}, which was named before, got none");
            }

            if (now.CheckSuccessorOf(pinned) is { } rejection)
            {
                return rejection;
            }
        }

        return null;
    }

    internal static TimestampMetadata Read(JsonElement signed, MetadataProfile profile)
    {
        (long version, DateTimeOffset expires) = ReadHeader(signed, profile);
        JsonElement meta = signed.Object("meta");
        MetaFile snapshot = profile.ReadMetaFile(meta.Object(s_snapshot));
        profile.DemandMetaOfTimestamp(meta);
        return new(version, expires, snapshot, profile.ReadLogs(signed, PinnedLogs.Member), profile.ReadLogs(signed, PinnedLogs.ServerMember));
    }

    private protected override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("meta");
        Snapshot.Write(writer, s_snapshot);
        writer.WriteEndObject();
        PinnedLogs.Write(writer, PinnedLogs.Member, Logs);
        PinnedLogs.Write(writer, PinnedLogs.ServerMember, ServerLogs);
    }

    private static void DemandCount(string member, int count)
    {
        if (count > MaxLogs)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"\"{member}\": wanted at most {MaxLogs}, got {count}");
        }
    }
}
