using System.Collections.Frozen;
using System.Collections.Immutable;
using Fota.Manifest;

namespace Fota.UpdateServer.Releases;

/// <summary>A published file.</summary>
/// <param name="Digest">Its content.</param>
/// <param name="Length">In bytes.</param>
internal sealed record PublishedFile(Sha256Digest Digest, long Length);

/// <summary>Everything that is visible at one moment. Replaced as a whole, never changed.</summary>
/// <param name="Generation">Counts publications; a store takes the next one only after this one.</param>
/// <param name="TimestampVersion">Version of the timestamp; 0 before the first publication.</param>
/// <param name="Files">What is served, by repository path.</param>
/// <param name="Releases">What may be rolled out.</param>
internal sealed record Publication(
    long Generation,
    long TimestampVersion,
    FrozenDictionary<string, PublishedFile> Files,
    ImmutableArray<Release> Releases)
{
    public static Publication Empty { get; } = new(0, 0, FrozenDictionary<string, PublishedFile>.Empty, []);

    public Release? Find(ProductName product, ReleaseVersion version) => Releases.FirstOrDefault(r => r.Product.Equals(product) && r.Version.Equals(version));

    /// <summary>Whether this very manifest is listed under this path (promise P5: nothing else may be assigned).</summary>
    public bool Lists(string target, Sha256Digest manifest) => Releases.Any(r => r.Target == target && r.ManifestDigest == manifest);
}

/// <summary>Holds the current publication in memory: requests are answered from it.</summary>
internal sealed class ReleaseCatalog(Publication current)
{
    private readonly Lock _gate = new();

    private volatile Publication _current = current;

    public Publication Current => _current;

    /// <summary>Puts another one in its place.</summary>
    public void Replace(Publication publication)
    {
        lock (_gate)
        {
            _current = publication;
        }
    }

    /// <summary>Puts one that was read from the store in its place, unless it is no newer: who read it was overtaken, or nothing was published since.</summary>
    public void Renew(Publication publication)
    {
        lock (_gate)
        {
            _current = publication.Generation > _current.Generation ? publication : _current;
        }
    }
}
