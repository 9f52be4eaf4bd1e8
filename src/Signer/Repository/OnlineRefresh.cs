using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.Signer.Keys;

namespace Fota.Signer.Repository;

/// <summary>
/// The online role: signs a new snapshot when a release was published, and timestamp and snapshot before they grow stale. It can make published
/// releases visible, or withhold them; it cannot make one.
/// </summary>
internal sealed class OnlineRefresh
{
    private readonly SignerHome _home;
    private readonly ITokenKey _key;
    private readonly DateTimeOffset _now;
    private readonly RepositoryFolder _repository;
    private readonly RepositoryState _state;

    private OnlineRefresh(SignerHome home, ITokenKey key, DateTimeOffset now)
    {
        _home = home;
        _key = key;
        _now = now;
        _repository = new RepositoryFolder(home.Folder.Repository);
        _state = _repository.ReadState();
    }

    /// <summary>Does what is due.</summary>
    /// <returns>One line that says what was signed, or null when all is fresh.</returns>
    public static string? Run(SignerHome home, ITokenKey key, DateTimeOffset now) => new OnlineRefresh(home, key, now).Run();

    private string? Run()
    {
        TimestampMetadata? oldTimestamp = _repository.Has(RepositoryFolder.Timestamp)
            ? SignedMetadata.Decode(_repository.Read(RepositoryFolder.Timestamp), DecodeLimits.TimestampBytes, MetadataProfile.Fota).OrThrow().UnverifiedTimestamp().OrThrow()
            : null;
        SnapshotMetadata? oldSnapshot = oldTimestamp is null
            ? null
            : SignedMetadata.Decode(_repository.Read(RepositoryFolder.Metadata("snapshot", oldTimestamp.Snapshot.Version)), DecodeLimits.SnapshotBytes, MetadataProfile.Fota).OrThrow().UnverifiedSnapshot().OrThrow();

        Dictionary<string, MetaFile> meta = Meta();
        bool isNews = oldSnapshot is null || !oldSnapshot.Meta.OrderBy(Name, StringComparer.Ordinal).SequenceEqual(meta.OrderBy(Name, StringComparer.Ordinal));
        bool snapshotDue = isNews || IsHalfOver(oldSnapshot!, _home.Settings.Online.SnapshotDays);
        if (!snapshotDue && !IsHalfOver(oldTimestamp!, _home.Settings.Online.TimestampDays))
        {
            return null;
        }

        SnapshotMetadata snapshot = snapshotDue
            ? new SnapshotMetadata(_repository.NextVersion("snapshot"), _now.AddDays(_home.Settings.Online.SnapshotDays), meta)
            : oldSnapshot!;
        string snapshotPath = RepositoryFolder.Metadata("snapshot", snapshot.Version);
        byte[] snapshotFile = snapshotDue ? Sign(snapshot, SigningPurpose.Snapshot) : _repository.Read(snapshotPath);
        TimestampMetadata timestamp = new((oldTimestamp?.Version ?? 0) + 1, _now.AddDays(_home.Settings.Online.TimestampDays), Describe(snapshot.Version, snapshotFile));
        byte[] timestampFile = Sign(timestamp, SigningPurpose.Timestamp);

        ClientRehearsal.Run(_repository, _state, timestampFile, snapshotFile, _now);
        if (snapshotDue)
        {
            _repository.Write(snapshotPath, snapshotFile);
        }

        _repository.Write(RepositoryFolder.Timestamp, timestampFile);
        return snapshotDue ? $"signed snapshot {snapshot.Version} and timestamp {timestamp.Version}" : $"signed timestamp {timestamp.Version}";
    }

    private static string Name(KeyValuePair<string, MetaFile> entry) => entry.Key;

    private static MetaFile Describe(long version, ReadOnlySpan<byte> file) => new(version, file.Length, Sha256Digest.Of(file));

    // Half of the life is kept in reserve for a signer or a network that is down.
    private bool IsHalfOver(MetadataContent content, int days) => content.Expires - _now < TimeSpan.FromDays(days) / 2;

    private Dictionary<string, MetaFile> Meta()
    {
        Dictionary<string, MetaFile> meta = new(StringComparer.Ordinal);
        foreach ((string role, long version) in _state.Products.Append(new("targets", _state.Targets)))
        {
            meta[role + ".json"] = Describe(version, _repository.Read(RepositoryFolder.Metadata(role, version)));
        }

        return meta;
    }

    private byte[] Sign(MetadataContent content, SigningPurpose purpose)
    {
        byte[] bytes = content.ToSignedBytes();
        VerificationKey key = _key.PublicKey;
        return SignedMetadata.Assemble(bytes, [MetadataSignature.From(key, _home.Signer.Sign(_key, purpose, $"version {content.Version}", bytes))]);
    }
}
