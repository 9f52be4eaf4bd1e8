using System.Collections.Frozen;
using Fota.Manifest;
using Fota.TestKit;
using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Deltas;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Storage.Sqlite;
using Fota.UpdateServer.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fota.UpdateServer.Tests.Deltas;

/// <summary>Delta packs that nobody wants any more.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DeltaRetentionTests : IDisposable
{
    private static readonly ReleaseImages s_from = Of(SampleRelease.Create("1.0.0", 1));
    private static readonly ReleaseImages s_to = Of(SampleRelease.Create());
    private static readonly Sha256Digest s_pack = Sha256Digest.Of("pack"u8);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-deltas-");
    private readonly ManualClock _clock = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly SqliteDatabase _database;
    private readonly ContentStore _content;
    private readonly ReleaseCatalog _published = new(Publication.Empty);
    private readonly Publisher _publisher;
    private DeltaCatalog _deltas;

    public DeltaRetentionTests()
    {
        _database = new SqliteDatabase(Path.Combine(_folder.FullName, "server.db"));
        _content = new ContentStore(_folder.FullName, new ServerSeams());
        _publisher = new Publisher(_content, new SqliteReleaseStore(_database), _published, [], _clock, new ServerSeams());
        string pack = new FileBlobs(_folder.FullName, new ServerSeams()).PathOf(s_pack);
        Directory.CreateDirectory(Path.GetDirectoryName(pack)!);
        File.WriteAllText(pack, "pack");
        _deltas = Load();
        _deltas.Save(new DeltaRecord(Wanted.Key, DeltaState.Made, s_pack, 4, 0, null, _clock.Now));
    }

    private static WantedDelta Wanted
    {
        get
        {
            (ComponentImage has, ComponentImage gets) = s_from.PairsWith(s_to, ImageSlot.A).Single();
            return new WantedDelta(s_from, s_to, has, gets, 1);
        }
    }

    public void Dispose()
    {
        _publisher.Dispose();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Test]
    public async Task A_pack_that_was_not_wanted_for_thirty_days_is_removed_and_not_before()
    {
        await AfterAsync(DeltaRetention.Patience - TimeSpan.FromSeconds(1));
        Assert.That(_deltas.FindPack(s_pack), Is.Not.Null);
        Assert.That(_content.Has(s_pack));
        await AfterAsync(TimeSpan.FromSeconds(1));
        Assert.That(_deltas.Find(Wanted.Key), Is.Null);
        Assert.That(_content.Has(s_pack), Is.False);
        Assert.That(Load().Records, Is.Empty);
    }

    [Test]
    public async Task What_a_plan_holds_stays_and_is_written_down_once_a_day()
    {
        DateTimeOffset made = _clock.Now;
        await AfterAsync(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1), Wanted);
        Assert.That(Load().Find(Wanted.Key)!.Wanted, Is.EqualTo(made));
        await AfterAsync(DeltaRetention.Patience, Wanted);
        Assert.That(Load().Find(Wanted.Key)!.Wanted, Is.EqualTo(_clock.Now));
        _deltas = Load();
        await AfterAsync(DeltaRetention.Patience - TimeSpan.FromSeconds(1));
        Assert.That(_content.Has(s_pack));
    }

    [Test]
    public async Task A_pack_that_a_publication_names_stays()
    {
        _published.Replace(Publication.Empty with { Files = new Dictionary<string, PublishedFile>(StringComparer.Ordinal) { [$"packs/{s_pack}"] = new(s_pack, 4) }.ToFrozenDictionary(StringComparer.Ordinal) });
        await AfterAsync(DeltaRetention.Patience);
        Assert.That(_content.Has(s_pack));
        Assert.That(_deltas.FindPack(s_pack), Is.Not.Null);
    }

    [Test]
    public async Task What_was_given_up_is_forgotten_as_well()
    {
        _deltas.Save(new DeltaRecord(Wanted.Key, DeltaState.NotWorthIt, null, 4, 0, "too large", _clock.Now));
        await AfterAsync(DeltaRetention.Patience);
        Assert.That(Load().Records, Is.Empty);
    }

    [Test]
    public void A48_A_server_that_lost_its_turn_removes_nothing()
    {
        using Publisher frozen = new(_content, new LostTurn(new SqliteReleaseStore(_database)), _published, [], _clock, new ServerSeams());
        Assert.That(async () => await AfterAsync(DeltaRetention.Patience, frozen), Throws.TypeOf<StoreUnavailableException>());
        Assert.That(_content.Has(s_pack));
        Assert.That(Load().FindPack(s_pack), Is.Not.Null);
    }

    /// <summary>A run ends after so long, with this plan.</summary>
    private Task AfterAsync(TimeSpan time, params WantedDelta[] plan) => AfterAsync(time, _publisher, plan);

    private async Task AfterAsync(TimeSpan time, Publisher publisher, params WantedDelta[] plan)
    {
        _clock.Now += time;
        await new DeltaRetention(_deltas, _content, publisher, _published, _clock, NullLogger<DeltaRetention>.Instance).ApplyAsync(plan, default);
    }

    private DeltaCatalog Load() => new(new SqliteDeltaStore(_database), _content, NullLogger<DeltaCatalog>.Instance);

    /// <summary>Others went on while this server was frozen.</summary>
    private sealed class LostTurn(IReleaseStore store) : IReleaseStore, IPublicationTurn
    {
        public Publication Load() => store.Load();

        public ValueTask<IPublicationTurn> HoldAsync(CancellationToken cancellation) => ValueTask.FromResult<IPublicationTurn>(this);

        public void Demand() => throw new StoreUnavailableException("lost");

        public void Commit(Publication before, Publication after, Publishing source) => throw new StoreUnavailableException("lost");

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private static ReleaseImages Of(SampleRelease release) => new(ProductName.Parse(RepositorySimulator.ProductName), PublicationSource.DigestOf(release), release.Manifest);
}
