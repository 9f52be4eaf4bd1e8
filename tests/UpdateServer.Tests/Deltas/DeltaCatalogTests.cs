using Fota.Manifest;
using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Deltas;
using Fota.UpdateServer.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fota.UpdateServer.Tests.Deltas;

/// <summary>What is offered and served before the job has run once.</summary>
public sealed class DeltaCatalogTests
{
    [Test]
    public void A_pack_that_is_not_in_the_content_store_is_forgotten_when_the_server_starts()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("fota-deltas-");
        try
        {
            ContentStore content = new(folder.FullName, new ServerSeams());
            DeltaRecord there = Record("there"), gone = Record("gone");
            Directory.CreateDirectory(Path.GetDirectoryName(content.PathOf(there.Pack!))!);
            File.WriteAllText(content.PathOf(there.Pack!), "there");
            RememberingStore store = new([there, gone]);
            DeltaCatalog catalog = new(store, content, NullLogger<DeltaCatalog>.Instance);
            Assert.That((catalog.Find(there.Key), catalog.Find(gone.Key)), Is.EqualTo((there, (DeltaRecord?)null)));
            Assert.That(catalog.FindPack(there.Pack!)?.Length, Is.EqualTo(5));
            Assert.That(catalog.FindPack(gone.Pack!), Is.Null);
            Assert.That(store.Load(), Is.EqualTo(new[] { there }));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static DeltaRecord Record(string name) =>
        new(new DeltaKey(Sha256Digest.Of("base"u8), Digest($"image {name}")), DeltaState.Made, Digest(name), 5, 0, null, DateTimeOffset.UnixEpoch);

    private static Sha256Digest Digest(string text) => Sha256Digest.Of(System.Text.Encoding.UTF8.GetBytes(text));

    private sealed class RememberingStore(IEnumerable<DeltaRecord> records) : IDeltaStore
    {
        private readonly List<DeltaRecord> _records = [.. records];

        public IReadOnlyList<DeltaRecord> Load() => _records;

        public void Save(DeltaRecord record) => _records.Add(record);

        public void Delete(DeltaKey key) => _records.RemoveAll(r => r.Key == key);
    }
}
