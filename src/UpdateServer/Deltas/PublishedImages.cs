using System.Collections.Frozen;
using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Deltas;

/// <summary>
/// The images of every release that was ever published, in memory. Devices run releases that are not listed any more, and the content of these stays.
/// </summary>
internal sealed class PublishedImages
{
    private readonly BoundedTurn _turn = new();
    private readonly ReleaseCatalog _catalog;
    private readonly ContentStore _content;
    private readonly ILogger _log;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unreadable = new(StringComparer.Ordinal);

    private volatile FrozenDictionary<Sha256Digest, ReleaseImages> _byManifest = FrozenDictionary<Sha256Digest, ReleaseImages>.Empty;

    public PublishedImages(ReleaseCatalog catalog, ContentStore content, ILogger<PublishedImages> log)
    {
        _catalog = catalog;
        _content = content;
        _log = log;
        Refresh();
    }

    /// <summary>The images of the release with this manifest, as far as <see cref="Refresh"/> has seen it.</summary>
    public ReleaseImages? Find(Sha256Digest? manifest) => manifest is null ? null : _byManifest.GetValueOrDefault(manifest);

    /// <summary>Reads the manifests that were published since the last time, and those that could not be read then. While the content storage is away, one at a time finds that out.</summary>
    public void Refresh()
    {
        try
        {
            _turn.Take(ReadNews, FreshnessRule.RenewalPatience);
        }
        catch (StoreUnavailableException)
        {
            // What is known is enough to go on with; the rest is read before the next plan.
        }
    }

    private void ReadNews()
    {
        List<ReleaseImages> added = [];
        try
        {
            // Those that could not be read come last: one that never can be keeps no other from being read.
            foreach ((string path, PublishedFile file) in _catalog.Current.Files.OrderBy(f => _unreadable.Contains(f.Key)))
            {
                if (RepositoryPath.TryParse(path, out RepositoryPath? parsed) && parsed.Kind == RepositoryFile.Manifest && !_read.Contains(path) && Read(path, file) is { } release)
                {
                    _read.Add(path);
                    _unreadable.Remove(path);
                    added.Add(release);
                }
            }
        }
        finally
        {
            if (added.Count > 0)
            {
                // The same release in an envelope with another signature has the same digest.
                _byManifest = _byManifest.Values.Concat(added).DistinctBy(static r => r.Manifest).ToFrozenDictionary(static r => r.Manifest);
            }
        }
    }

    /// <summary>Null when it cannot be read: then there are no delta packs for that release, and everything else goes on.</summary>
    /// <exception cref="StoreUnavailableException">The storage is away, for the others as well: a look at each of them would take as long.</exception>
    private ReleaseImages? Read(string path, PublishedFile file)
    {
        try
        {
            // These very bytes were verified when they were published; who signed them is not asked again.
            SignedEnvelope envelope = SignedEnvelope.Decode(_content.Read(file.Digest)).OrThrow();
            return new ReleaseImages(ProductName.Parse(path.Split('/')[1]), envelope.ClaimedDigest, envelope.UnverifiedContent().OrThrow());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or RejectedException or StoreUnavailableException)
        {
            // It is tried again before every plan; one line says so.
            if (_unreadable.Add(path))
            {
                Log.ManifestUnreadable(_log, e, path);
            }

            if (e is StoreUnavailableException)
            {
                throw;
            }

            return null;
        }
    }
}
