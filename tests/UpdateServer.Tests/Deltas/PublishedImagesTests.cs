using System.Collections.Frozen;
using Fota.Manifest;
using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Deltas;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fota.UpdateServer.Tests.Deltas;

/// <summary>The images of releases, where their manifests cannot be read.</summary>
public sealed class PublishedImagesTests
{
    [Test]
    public void A48_A_storage_that_is_away_is_asked_for_one_manifest_and_not_for_all_of_them()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("fota-images-");
        try
        {
            CutBlobs blobs = new();
            PublishedFile[] manifests = [.. Enumerable.Range(0, 3).Select(static i => new PublishedFile(Sha256Digest.Of([(byte)i]), 1))];
            Publication publication = Publication.Empty with
            {
                Files = manifests.ToFrozenDictionary(static m => $"targets/infusion-pump/1.1.0/{m.Digest}.manifest.suit", static m => m, StringComparer.Ordinal),
            };
            PublishedImages images = new(new ReleaseCatalog(publication), new ContentStore(blobs, folder.FullName, new ServerSeams()), NullLogger<PublishedImages>.Instance);
            Assert.That(blobs.Asked, Has.Count.EqualTo(1));
            blobs.IsAway = digest => digest == blobs.Asked[0];
            images.Refresh();
            Assert.That(blobs.Asked[1..], Is.EquivalentTo(manifests.Select(static m => m.Digest)), "one that is missing says nothing of the others");
            Assert.That(blobs.Asked[^1], Is.EqualTo(blobs.Asked[0]), "nor does one that can never be read");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>A storage that is away, or has nothing.</summary>
    private sealed class CutBlobs : IBlobStore
    {
        public List<Sha256Digest> Asked { get; } = [];

        public Func<Sha256Digest, bool> IsAway { get; set; } = static _ => true;

        public Stream? Open(Sha256Digest digest)
        {
            Asked.Add(digest);
            return IsAway(digest) ? throw new StoreUnavailableException("cut") : null;
        }

        public bool Has(Sha256Digest digest) => throw new AssertionException("nothing asks");

        public ValueTask<Stream?> OpenAsync(Sha256Digest digest, WantedRange wanted, CancellationToken cancellation) => throw new AssertionException("nothing asks");

        public void Add(StagedContent staged) => throw new AssertionException("nothing is added");

        public void Flush(IEnumerable<Sha256Digest> added) => throw new AssertionException("nothing is added");

        public void Remove(Sha256Digest digest) => throw new AssertionException("nothing is removed");
    }
}
