using Fota.Interop.Posix;
using Fota.TestKit;
using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Storage.Sqlite;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Releases;

/// <summary>The publisher alone: what it does in which order.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PublisherTests : IDisposable
{
    private static readonly Func<Task<bool>> s_still = static () => Task.FromResult(true);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-publisher-");
    private readonly PublicationSource _source = new();

    public PublisherTests() => _source.Add(SampleRelease.Create());

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Test]
    public async Task A48_Publications_are_taken_one_at_a_time()
    {
        // The second one, an archive of nothing, comes while the first is about to commit. Alone it would be refused: it is complete only after the first.
        Publisher publisher = null!;
        Task<Publication>? second = null;
        using Publisher made = publisher = Make(new ServerSeams
        {
            BeforePublicationCommit = () => second = publisher.PublishAsync(new MemoryStream(new byte[1024]), "ann", s_still, default),
        });
        Publication first = await publisher.PublishAsync(Tar(), "ann", s_still, default);
        Assert.That(await second!, Is.SameAs(first));
    }

    [Test]
    public async Task A48_Names_of_content_are_on_the_disk_before_anything_refers_to_them()
    {
        string content = Path.Combine(_folder.FullName, "content");
        HashSet<string> durable = new(StringComparer.Ordinal);
        string[] volatileNames = ["never asked"];
        using Publisher publisher = Make(new ServerSeams
        {
            FlushDirectory = directory =>
            {
                durable.UnionWith(Directory.EnumerateFileSystemEntries(directory));
                PosixFile.FlushDirectory(directory);
            },
            BeforePublicationCommit = () => volatileNames = [.. Directory.EnumerateFileSystemEntries(content, "*", SearchOption.AllDirectories).Where(e => !durable.Contains(e))],
        });
        Publication publication = await publisher.PublishAsync(Tar(), "ann", s_still, default);
        Assert.That(volatileNames, Is.Empty);
        Assert.That(durable.Select(Path.GetFileName), Is.SupersetOf(publication.Files.Values.Select(static f => f.Digest.ToString())));
    }

    private Publisher Make(ServerSeams seams)
    {
        SqliteReleaseStore store = new(new SqliteDatabase(Path.Combine(_folder.FullName, "server.db")));
        return new Publisher(
            new ContentStore(_folder.FullName, seams), store, new ReleaseCatalog(store.Load()), [.. _source.Repository.TrustedRoot], new ManualClock(_source.Repository.Now), seams);
    }

    private MemoryStream Tar() => new(PublicationSource.Tar(_source.Bundle()));
}
