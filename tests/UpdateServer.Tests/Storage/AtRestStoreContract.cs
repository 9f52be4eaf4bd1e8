using Fota.UpdateServer.AtRest;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Tests.Rollouts;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>What every store does with the keys of rollouts, which are secret.</summary>
[TestFixture(typeof(SqliteStores))]
[TestFixture(typeof(PostgresStores))]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class AtRestStoreContract<TStores> : IDisposable
    where TStores : StoresUnderTest, new()
{
    private const string InClear = "SELECT count(*) FROM rollouts WHERE length(member_key) = 32 AND member_key_sealed IS NULL";
    private const string Sealed = "SELECT count(*) FROM rollouts WHERE length(member_key) = 0 AND length(member_key_sealed) = 69";

    private static readonly AtRestKeys s_first = KeysOf(1), s_second = KeysOf(2);

    private readonly TStores _stores = new();

    [SetUp]
    public Task OpenAsync() => _stores.OpenAsync();

    public void Dispose() => _stores.Dispose();

    [Test]
    public void A_rollout_s_key_is_stored_sealed_and_read_as_it_was()
    {
        _stores.Keys = s_first;
        ReadOnlyMemory<byte>[] keys = [Store(1), Store(2)];
        Assert.That(_stores.Ask(Sealed), Is.EqualTo(2));
        AreRead(keys);
    }

    [Test]
    public void Without_keys_it_is_stored_as_it_is_and_sealed_at_the_first_start_with_one()
    {
        _stores.Keys = AtRestKeys.None;
        ReadOnlyMemory<byte>[] keys = [Store(1), Store(2)];
        Assert.That((_stores.Seal(), _stores.Ask(InClear)), Is.EqualTo((0, 2)));
        _stores.Keys = s_first;
        AreRead(keys);
        Assert.That((_stores.Seal(), _stores.Ask(Sealed)), Is.EqualTo((2, 2)));
        AreRead(keys);
        Assert.That(_stores.Seal(), Is.Zero, "once");
    }

    [Test]
    public void Another_key_opens_what_the_one_before_sealed_and_after_a_start_that_one_is_not_needed()
    {
        _stores.Keys = s_first;
        ReadOnlyMemory<byte>[] keys = [Store(1)];
        _stores.Keys = KeysOf(2, 1);
        AreRead(keys);
        Assert.That(_stores.Seal(), Is.EqualTo(1));
        _stores.Keys = s_second;
        Assert.That(_stores.Seal(), Is.Zero);
        AreRead(keys);
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Without_the_key_that_sealed_nothing_is_read_and_nothing_changed(bool another)
    {
        _stores.Keys = AtRestKeys.None;
        ReadOnlyMemory<byte>[] keys = [Store(1)]; // would be sealed, were it not for the other one
        _stores.Keys = s_first;
        keys = [.. keys, Store(2)];
        _stores.Keys = another ? s_second : AtRestKeys.None;
        Assert.That(() => _stores.Seal(), Throws.TypeOf<StoreUnavailableException>().With.Message.Match($"^atRest.keys: wanted key [0-9a-f]{{16}}, which sealed rollouts.member_key of 2, got {(another ? "[0-9a-f]{16}" : "none")}$"));
        Assert.That(() => _stores.Fleet.Load(), Throws.TypeOf<StoreUnavailableException>(), "503, and not another order of devices");
        Assert.That((_stores.Ask(Sealed), _stores.Ask(InClear)), Is.EqualTo((1, 1)));
        _stores.Keys = s_first;
        AreRead(keys);
    }

    [Test]
    public void A_sealed_key_that_was_moved_to_another_rollout_is_refused()
    {
        _stores.Keys = s_first;
        Store(1);
        Store(2);
        _stores.Ask("UPDATE rollouts SET member_key_sealed = (SELECT o.member_key_sealed FROM rollouts o WHERE o.number = 1) WHERE number = 2");
        Assert.That(() => _stores.Seal(), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith("rollouts.member_key of 2: wanted what was sealed there by key "));
    }

    /// <summary>A key of five bytes seals nothing: whoever tries fails.</summary>
    [Test]
    public void A_rollout_s_key_is_sealed_once_however_often_the_rollout_is_saved()
    {
        _stores.Keys = s_first;
        ReadOnlyMemory<byte>[] keys = [Store(1)];
        FleetReplica known = _stores.Fleet.Read();
        _stores.Keys = new AtRestKeys([new byte[5]]);
        Assert.That(() => Store(2), Throws.InstanceOf<Exception>(), "nobody seals with that");
        _stores.Fleet.Change(known.Number, _ => SampleFleet.Change(null, null, new RolloutStep(known.Rollouts[0] with { Reason = "saved" }, [])));
        _stores.Keys = s_first;
        AreRead(keys);
        Assert.That(_stores.Fleet.Read().Rollouts[0].Reason, Is.EqualTo("saved"));
    }

    private static AtRestKeys KeysOf(params byte[] keys) => new(keys.Select(static key => Enumerable.Repeat(key, AtRestKeys.KeySize).ToArray()));

    private ReadOnlyMemory<byte> Store(int number)
    {
        RolloutPlan plan = EngineWorld.PlanOf(new StagePlan("all", null)) with { Id = $"r{number}", Key = Enumerable.Repeat((byte)(100 + number), RolloutPlan.KeySize).ToArray() };
        _stores.Fleet.Put(SampleFleet.Change(null, null, new RolloutStep(RolloutState.Draft(plan), [])));
        return plan.Key;
    }

    private void AreRead(ReadOnlyMemory<byte>[] keys) =>
        Assert.That(_stores.Fleet.Read().Rollouts.Select(static r => Convert.ToHexString(r.Plan.Key.Span)), Is.EqualTo(keys.Select(static k => Convert.ToHexString(k.Span))));
}
