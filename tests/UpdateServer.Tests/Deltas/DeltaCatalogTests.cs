using Fota.Manifest;
using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Deltas;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Storage.Sqlite;
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
            FileBlobs blobs = new(folder.FullName, new ServerSeams());
            ContentStore content = new(folder.FullName, new ServerSeams());
            DeltaRecord there = Record("there"), gone = Record("gone");
            Directory.CreateDirectory(Path.GetDirectoryName(blobs.PathOf(there.Pack!))!);
            File.WriteAllText(blobs.PathOf(there.Pack!), "there");
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

    [Test]
    public void What_another_version_of_the_maker_gave_up_is_forgotten_when_the_server_starts()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("fota-deltas-");
        try
        {
            SqliteDeltaStore store = new(new SqliteDatabase(Path.Combine(folder.FullName, "server.db")));
            FileBlobs blobs = new(folder.FullName, new ServerSeams());
            ContentStore content = new(folder.FullName, new ServerSeams());
            DeltaRecord failed = Record("failed") with { State = DeltaState.Failed, Pack = null, Size = null, Failures = 4, Detail = "refused" };
            DeltaRecord tooLarge = Record("too large") with { State = DeltaState.NotWorthIt, Pack = null, Detail = "too large" };
            DeltaRecord made = Record("made") with { Maker = DeltaMaker.Version - 1 };
            Directory.CreateDirectory(Path.GetDirectoryName(blobs.PathOf(made.Pack!))!);
            File.WriteAllText(blobs.PathOf(made.Pack!), "made");
            store.Save(failed);
            store.Save(tooLarge);
            store.Save(made);
            Assert.That(new DeltaCatalog(store, content, NullLogger<DeltaCatalog>.Instance).Find(failed.Key), Is.EqualTo(failed), "this version gave it up");
            store.Save(failed with { Maker = DeltaMaker.Version - 1 });
            store.Save(tooLarge with { Maker = DeltaMaker.Version + 1 });
            DeltaCatalog catalog = new(store, content, NullLogger<DeltaCatalog>.Instance);
            Assert.That((catalog.Find(failed.Key), catalog.Find(tooLarge.Key)), Is.EqualTo(((DeltaRecord?)null, (DeltaRecord?)null)));
            Assert.That(catalog.Find(made.Key), Is.EqualTo(made), "it was seen to make its image");
            Assert.That(store.Load(), Is.EqualTo(new[] { made }));
        }
        finally
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
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
