using Fota.Manifest.Encoding;
using Fota.Manifest.Log;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.Signer.Keys;
using Fota.Signer.Log;

namespace Fota.Signer.Repository;

/// <summary>
/// The online role: signs a new snapshot when a release was published, and timestamp and snapshot before they grow stale. It can make published
/// releases visible, or withhold them; it cannot make one.
/// </summary>
internal sealed class OnlineRefresh
{
    private readonly SignerHome _home;
    private readonly RolesSettings _policy;
    private readonly OnlineKeys _keys;
    private readonly DateTimeOffset _now;
    private readonly RepositoryFolder _repository;
    private readonly RepositoryState _state;
    private readonly bool _isLogWell;

    private OnlineRefresh(SignerHome home, RolesSettings policy, OnlineKeys keys, RepositoryFolder repository, RepositoryState state, DateTimeOffset now, bool isLogWell = true)
    {
        _home = home;
        _policy = policy;
        _keys = keys;
        _now = now;
        _repository = repository;
        _state = state;
        _isLogWell = isLogWell;
    }

    /// <summary>Does what is due.</summary>
    /// <param name="home">The home.</param>
    /// <param name="keys">The online keys.</param>
    /// <param name="now">The moment.</param>
    /// <param name="isLogWell">Whether the log on disk was found to be what was signed and what the journal holds; else the timestamp pins what it pinned before.</param>
    /// <returns>One line that says what was signed, or null when all is fresh.</returns>
    public static string? Run(SignerHome home, OnlineKeys keys, DateTimeOffset now, bool isLogWell = true)
    {
        RepositoryFolder repository = new(home.Folder.Repository);
        RepositoryState state = repository.ReadState();
        if (new OnlineRefresh(home, home.Settings.Roles, keys, repository, state, now, isLogWell).Sign(isTimestampDue: false) is not { } signed)
        {
            return null;
        }

        IReadOnlyList<string> expired = ClientRehearsal.Run(repository, repository.With(signed.Files), state, now);

        _ = home.Log.Append(new LogEvent(LogKinds.RepositoryRenewed, keys.Timestamp.Label, signed.Summary, ("expired", expired.Count == 0 ? null : string.Join("; ", expired))));

        // The timestamp last: it is what makes the snapshot the current one.
        foreach ((string path, byte[] file) in signed.Files.OrderBy(static file => file.Key == RepositoryFolder.Timestamp))
        {
            repository.Write(path, file);
        }

        return string.Join("; ", expired.Prepend(signed.Summary));
    }

    /// <summary>
    /// Signs for a repository that is still to be written, and writes nothing. There is a new timestamp whatever else is new: it is by the timestamp that
    /// a server is known to have all there is, a new root too.
    /// </summary>
    /// <param name="home">The home.</param>
    /// <param name="policy">How long snapshot and timestamp will be good for.</param>
    /// <param name="keys">The keys that the new root names.</param>
    /// <param name="repository">The repository as it will be.</param>
    /// <param name="state">Its state as it will be.</param>
    /// <param name="leastSnapshot">Numbers below are not taken for a snapshot any more, as somebody else took them; 0 for none.</param>
    /// <param name="now">The moment.</param>
    public static OnlineFiles Sign(SignerHome home, RolesSettings policy, OnlineKeys keys, RepositoryFolder repository, RepositoryState state, long leastSnapshot, DateTimeOffset now) =>
        new OnlineRefresh(home, policy, keys, repository, state, now).Sign(isTimestampDue: true, leastSnapshot)!;

    private OnlineFiles? Sign(bool isTimestampDue, long leastSnapshot = 0)
    {
        RootMetadata root = RepositoryTrust.WalkRoots(_repository, _state, _now).Root;
        _keys.DemandFor(root);
        SignedMetadata? timestampFile = _repository.Has(RepositoryFolder.Timestamp) ? Read(RepositoryFolder.Timestamp, DecodeLimits.TimestampBytes) : null;
        TimestampMetadata? oldTimestamp = timestampFile?.UnverifiedTimestamp().OrThrow();
        SignedMetadata? snapshotFile = oldTimestamp is null ? null : Read(RepositoryFolder.Metadata("snapshot", oldTimestamp.Snapshot.Version), DecodeLimits.SnapshotBytes);
        SnapshotMetadata? oldSnapshot = snapshotFile?.UnverifiedSnapshot().OrThrow();

        Dictionary<string, MetaFile> meta = SnapshotContent.Of(_repository, _state);
        bool isNews = oldSnapshot is null || !oldSnapshot.Meta.OrderBy(Name, StringComparer.Ordinal).SequenceEqual(meta.OrderBy(Name, StringComparer.Ordinal));
        bool snapshotDue = isNews || oldSnapshot!.Version < leastSnapshot || IsDue(oldSnapshot!, snapshotFile!, root.Snapshot, _policy.Snapshot);
        IReadOnlyList<VerifiedCheckpoint> serverLogs = ServerPins.ToPin(_home, oldTimestamp?.ServerLogs ?? []);
        if (!isTimestampDue && !snapshotDue && !IsDue(oldTimestamp!, timestampFile!, root.Timestamp, _policy.Timestamp) && !ServerPins.HasNewName(serverLogs, oldTimestamp!.ServerLogs))
        {
            return null;
        }

        SnapshotMetadata snapshot = snapshotDue
            ? new SnapshotMetadata(Math.Max(_repository.NextVersion("snapshot"), leastSnapshot), _now.AddDays(_policy.Snapshot.ExpiresDays), meta)
            : oldSnapshot!;
        string snapshotPath = RepositoryFolder.Metadata("snapshot", snapshot.Version);
        Dictionary<string, byte[]> files = new(StringComparer.Ordinal);
        byte[] named = snapshotDue ? files[snapshotPath] = Sign(_keys.Snapshot, snapshot, SigningPurpose.Snapshot) : _repository.Read(snapshotPath);
        TimestampMetadata timestamp = new((oldTimestamp?.Version ?? 0) + 1, _now.AddDays(_policy.Timestamp.ExpiresDays), SnapshotContent.Describe(snapshot.Version, named), Pins(oldTimestamp), serverLogs);
        files[RepositoryFolder.Timestamp] = Sign(_keys.Timestamp, timestamp, SigningPurpose.Timestamp);
        return new OnlineFiles(files, snapshotDue ? $"signed snapshot {snapshot.Version} and timestamp {timestamp.Version}" : $"signed timestamp {timestamp.Version}");
    }

    private IReadOnlyList<VerifiedCheckpoint> Pins(TimestampMetadata? before) => _isLogWell ? LogCheckpoints.ToPin(_home, before?.Logs ?? []) : before?.Logs ?? [];

    private static string Name(KeyValuePair<string, MetaFile> entry) => entry.Key;

    private SignedMetadata Read(string path, int maxBytes) => SignedMetadata.Decode(_repository.Read(path), maxBytes, MetadataProfile.Fota).OrThrow();

    // Half of the life is kept in reserve for a signer or a network that is down. What other keys signed, or what outlives a policy that was shortened, is done anew.
    private bool IsDue(MetadataContent content, SignedMetadata file, RoleKeys keys, RoleSettings policy) =>
        content.Expires - _now < TimeSpan.FromDays(policy.ExpiresDays) / 2 || content.Expires > _now.AddDays(policy.ExpiresDays) || keys.Signers(file).Count < keys.Threshold;

    private byte[] Sign(ITokenKey key, MetadataContent content, SigningPurpose purpose)
    {
        byte[] bytes = content.ToSignedBytes();
        return SignedMetadata.Assemble(bytes, [MetadataSignature.From(key.PublicKey, _home.Signer.Sign(key, purpose, $"version {content.Version}", bytes))]);
    }
}

/// <summary>A timestamp, and a snapshot if it was due: signed, and not written yet.</summary>
internal sealed record OnlineFiles(IReadOnlyDictionary<string, byte[]> Files, string Summary);
