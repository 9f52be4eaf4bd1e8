using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Metadata;
using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Audit;

/// <summary>The keys of servers' logs that the published timestamp names. It was verified when it was published, and devices pin what it says.</summary>
internal sealed class NamedLogs(ReleaseCatalog catalog, ContentStore content)
{
    /// <summary>What was read last: each timestamp is read once.</summary>
    private volatile Tuple<Sha256Digest, IReadOnlyCollection<string>>? _read;

    /// <summary>The vkeys; none where nothing is published.</summary>
    /// <exception cref="StoreUnavailableException">Content is away, and no timestamp was read yet.</exception>
    public IReadOnlyCollection<string> Keys()
    {
        if (catalog.Current.Files.GetValueOrDefault(RepositoryPath.Timestamp.Text) is not { } file)
        {
            return [];
        }

        try
        {
            if (_read?.Item1 != file.Digest)
            {
                _read = Tuple.Create(file.Digest, Read(file.Digest));
            }
        }
        catch (Exception e) when (e is StoreUnavailableException or IOException && _read is not null)
        {
            // What the one before it names counts until this one can be read.
        }

        return _read!.Item2;
    }

    private IReadOnlyCollection<string> Read(Sha256Digest digest) =>
    [
        .. SignedMetadata.Decode(content.Read(digest), DecodeLimits.TimestampBytes, MetadataProfile.Fota).OrThrow().UnverifiedTimestamp().OrThrow().ServerLogs.Select(static log => log.Key.Text),
    ];
}
