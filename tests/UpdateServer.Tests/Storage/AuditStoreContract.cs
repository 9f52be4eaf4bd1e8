using Fota.Manifest.Log;
using Fota.TestKit;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Enrolment;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Tests.Rollouts;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>What every store of the server's log does: an entry is there with its change, or neither is.</summary>
[TestFixture(typeof(SqliteStores))]
[TestFixture(typeof(PostgresStores))]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class AuditStoreContract<TStores> : IDisposable
    where TStores : StoresUnderTest, new()
{
    private readonly TStores _stores = new();

    private string[] Kinds => [.. _stores.Audit.Read(0, 1000).Select(static e => LogEntry.Decode(e).OrThrow().Kind)];

    [SetUp]
    public Task OpenAsync() => _stores.OpenAsync();

    public void Dispose() => _stores.Dispose();

    [Test]
    [Proves("J-1", "J-3")]
    public void P8_Every_change_has_its_entry_and_numbers_have_no_gap()
    {
        RolloutState draft = RolloutState.Draft(EngineWorld.PlanOf(new StagePlan("all", null)));
        RolloutDecision decision = new(SampleFleet.Noon, DecisionKind.Created, "ann", -1, "because", DecisionFigures.Of(draft, draft.Stage));
        _stores.Fleet.Put(SampleFleet.Change(SampleFleet.Record("pump-1"), null, new RolloutStep(draft, []) { Decisions = [decision, decision with { Kind = DecisionKind.Approved }] }));
        _stores.Fleet.Put(SampleFleet.Change() with { Description = SampleFleet.Said(new DeviceTraits(DeviceId.Parse("pump-1")) { Site = "basel" }) });
        _stores.Revocations.Save(_stores.Revocations.Load().Number, new DeviceRevocation(DeviceId.Parse("pump-1"), null, "lost", "ann", SampleFleet.Noon), Decision(AccessDecisionKind.DeviceRevoked));
        _stores.Revocations.Lift(_stores.Revocations.Load().Number, DeviceId.Parse("pump-1"), Decision(AccessDecisionKind.DeviceReinstated));
        Assert.That(_stores.People.Save(_stores.People.Load().Number, new PeopleChange(new Person("ann") { Grants = [], Identities = [], Created = SampleFleet.Noon }, []), Decision(AccessDecisionKind.PersonSet)), Is.Not.Null);
        EnrolmentRecord asked = StoreContract<TStores>.Enrolment("pump-1", "one", 0);
        Assert.That(_stores.Enrolments.Save(asked, null, "pump-1"));
        Assert.That(_stores.Enrolments.Save(asked, null, "pump-1"), Is.False, "which changes nothing");
        Assert.That(_stores.Enrolments.Save(asked with { State = EnrolmentState.Refused, Answered = SampleFleet.Noon, Detail = "no" }, asked, "ca"));
        _stores.Releases.Commit(Publication.Empty, Publication.Empty with { Generation = 1, TimestampVersion = 1 }, SampleFleet.Ann);
        Assert.That(Kinds, Is.EqualTo(new[]
        {
            "device.reported", "rollout.created", "rollout.approved", "device.described", "device.revoked", "device.reinstated", "person.set", "enrolment.requested", "enrolment.refused", "publication.taken",
        }));
        Assert.That(_stores.Audit.Read(0, 1000).Select(static e => LogEntry.Decode(e).OrThrow().Number), Is.EqualTo(Enumerable.Range(0, 10).Select(static i => (long)i)));
        Assert.That((_stores.Audit.Count(), _stores.Audit.Read(3, 2).Count, _stores.Audit.Read(9, 5).Count), Is.EqualTo((10, 2, 1)));
    }

    [Test]
    [Proves("J-3")]
    public void P8_A48_A_change_that_is_not_stored_leaves_no_entry_and_no_gap()
    {
        FleetChange wrong = SampleFleet.Change(SampleFleet.Record("pump-1"), null, new RolloutStep(RolloutState.Draft(EngineWorld.PlanOf(new StagePlan("all", null))), [new Member(DeviceId.Parse("nobody"), 0, MemberStatus.Waiting)]));
        Assert.That(() => _stores.Fleet.Put(wrong), Throws.InstanceOf<System.Data.Common.DbException>(), "a member that is no device");
        Assert.That(() => _stores.Releases.Commit(Publication.Empty with { Generation = 7 }, Publication.Empty with { Generation = 8 }, SampleFleet.Ann), Throws.InvalidOperationException);
        Assert.That(_stores.Audit.Count(), Is.Zero);
        _stores.Fleet.Put(SampleFleet.Change(SampleFleet.Record("pump-1")));
        Assert.That(Kinds, Is.EqualTo(new[] { "device.reported" }));
    }

    [TestCase("UPDATE audit_entries SET number = 7")]
    [TestCase("DELETE FROM audit_entries")]
    public void P8_An_entry_is_neither_changed_nor_deleted(string sql)
    {
        _stores.Fleet.Put(SampleFleet.Change(SampleFleet.Record("pump-1")));
        Assert.That(() => _stores.Ask(sql), Throws.InstanceOf<System.Data.Common.DbException>().With.Message.Contains("an entry is not"));
        Assert.That(_stores.Audit.Count(), Is.EqualTo(1));
    }

    [Test]
    [Proves("J-13")]
    public void Of_each_key_the_checkpoint_over_the_most_entries_is_kept()
    {
        Assert.That(_stores.Audit.Checkpoints(), Is.Empty);
        Keep("a", 5);
        Keep("a", 4);
        Assert.That(_stores.Audit.Checkpoints().Single().Size, Is.EqualTo(5));
        Keep("b", 5);
        Keep("a", 9);
        Assert.That(_stores.Audit.Checkpoints().Select(static c => (c.Vkey, c.Size)), Is.EqualTo(new[] { ("a", 9L), ("b", 5L) }));

        void Keep(string key, long size) => _stores.Audit.Keep(new StoredCheckpoint(key, size, [1], SampleFleet.Noon), static _ => { });
    }

    [Test]
    [Proves("J-15")]
    public void A_checkpoint_is_kept_by_whoever_knows_the_keys_of_the_others_and_one_that_is_not_wanted_changes_nothing()
    {
        _stores.Audit.Keep(new StoredCheckpoint("a", 5, [1], SampleFleet.Noon), static keys => Assert.That(keys, Is.Empty));
        Assert.That(
            () => _stores.Audit.Keep(new StoredCheckpoint("b", 6, [1], SampleFleet.Noon), static keys => throw new UnknownSignerException(string.Join(' ', keys))), Throws.TypeOf<UnknownSignerException>().With.Message.EqualTo("a"));
        Assert.That(_stores.Audit.Checkpoints().Single().Vkey, Is.EqualTo("a"));
    }

    [Test]
    [Proves("J-4")]
    public void A_tree_over_the_store_is_that_of_its_entries_and_full_tiles_are_kept_once()
    {
        TileEdge edge = TileEdge.OfEmptyTree();
        for (int device = 0; device < 300; device++)
        {
            _stores.Fleet.Put(SampleFleet.Change(SampleFleet.Record($"pump-{device}")));
            edge.Append(MerkleHash.Leaf(_stores.Audit.Read(device, 1)[0].Span), static (_, _) => { });
        }

        for (int read = 0; read < 2; read++)
        {
            Assert.That(new AuditLog(_stores.Audit, static () => [], TimeProvider.System).Head(0).Root, Is.EqualTo(edge.Root()));
            Assert.That(_stores.Ask("SELECT count(*) FROM audit_tiles"), Is.EqualTo(1));
        }
    }

    private static AccessDecision Decision(AccessDecisionKind kind) => new(SampleFleet.Noon, "ann", kind, "pump-1", "why");
}
