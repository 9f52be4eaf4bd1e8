using System.Collections.Frozen;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Deltas;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Enrolment;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Tests.Rollouts;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>What every store does, whatever stands behind it.</summary>
[TestFixture(typeof(SqliteStores))]
[TestFixture(typeof(PostgresStores))]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class StoreContract<TStores> : IDisposable
    where TStores : StoresUnderTest, new()
{
    private readonly TStores _stores = new();

    [SetUp]
    public Task OpenAsync() => _stores.OpenAsync();

    public void Dispose() => _stores.Dispose();

    [Test]
    public void A_new_database_is_empty()
    {
        FleetReplica fleet = _stores.Fleet.Read();
        Assert.That((fleet.Fleet.Devices.Count, fleet.Fleet.Traits.Count, fleet.Rollouts.Count), Is.EqualTo((0, 0, 0)));
        Assert.That((_stores.Releases.Load().Generation, _stores.Releases.Load().Files.Count), Is.EqualTo((0, 0)));
        Assert.That((_stores.Deltas.Load().Count, _stores.Enrolments.Waiting([new Grant(Role.Publisher)], 10).Count, _stores.People.Load().People.Count + _stores.People.Load().Tokens.Count + _stores.Revocations.Load().Revocations.Count), Is.EqualTo((0, 0, 0)));
    }

    [Test]
    public void A_device_is_read_as_it_was_stored_and_a_later_record_replaces_it()
    {
        DeviceRecord plain = SampleFleet.Record("pump-1") with { Key = null, ConfirmedDigest = null };
        _stores.Fleet.Put(SampleFleet.Change(plain));
        Assert.That(_stores.Fleet.Read().Fleet.Devices.Values.Single().Describe(), Is.EqualTo(plain.Describe()));
        DeviceRecord rich = SampleFleet.Record("pump-1", long.MaxValue) with
        {
            Version = ReleaseVersion.Parse("2.0.0-rc.1"),
            State = ReportState.Failed,
            Deployment = "r1-pump-1",
            Reason = RejectionReason.ImageMismatch,
            Detail = "naïve 'quotes'; -- and \U0001F600",
            LastSeen = SampleFleet.Noon.AddMilliseconds(1),
        };
        _stores.Fleet.Put(SampleFleet.Change(rich, [1, 2, 3]));
        Assert.That(_stores.Fleet.Read().Fleet.Devices.Values.Single().Describe(), Is.EqualTo(rich.Describe()));
        Assert.That(_stores.Ask("SELECT count(*) FROM reports WHERE device = 'pump-1' AND deployment = 'r1-pump-1' AND ordinal = 9223372036854775807"), Is.EqualTo(1));
    }

    [Test]
    public void A_rollout_is_read_as_it_was_stored_with_its_members_and_what_follows_from_them()
    {
        RolloutPlan plan = EngineWorld.PlanOf(new StagePlan("canary", 2), new StagePlan("rest", null) { Cap = 5, Soak = TimeSpan.FromHours(1), Rate = new GrantRate(7) }) with
        {
            Timeout = TimeSpan.FromMinutes(90),
            PassThrough = [new PlannedRelease(ReleaseVersion.Parse("1.5.0"), RepositorySimulator.PathOf("1.5.0"), Sha256Digest.Of("1.5.0"u8), new SecurityVersion(2))],
        };
        EngineWorld world = new(plan, [.. Enumerable.Range(1, 5).Select(static i => EngineWorld.Device($"pump-{i}"))]);
        foreach (FleetDevice device in world.Fleet)
        {
            _stores.Fleet.Put(SampleFleet.Change(SampleFleet.Record(device.Device.ToString())));
        }

        Store(world, static _ => { });
        Assert.That(_stores.Fleet.Read().Rollouts.Single().Describe(), Is.EqualTo(world.State.Describe()), "a draft");
        Store(world, static w => w.Started().AllAsk().Pass(TimeSpan.FromTicks(12345)));
        Assert.That(_stores.Fleet.Read().Rollouts.Single().Describe(), Is.EqualTo(world.State.Describe()), "running");
        Member first = world.Granted.First();
        Store(world, w => w.Say(first, ReportState.Deferred, RejectionReason.GateClosed));
        Store(world, w => w.Happen(new RolloutEvent.Aborted(w.Now, "ann", "an operator aborted it")));
        Assert.That(_stores.Fleet.Read().Rollouts.Single().Describe(), Is.EqualTo(world.State.Describe()), "over");
        Assert.That(_stores.Decisions.Of(1).Select(static d => d.Kind), Is.EqualTo(world.Decisions.Select(static d => d.Kind.ToString())));
        Assert.That(_stores.Decisions.Of(1).Select(static d => (d.At, d.By, d.Stage, d.Why)), Is.EqualTo(world.Decisions.Select(static d => (d.At, d.By, d.Stage, d.Why))));
        Assert.That(_stores.Decisions.Of(2), Is.Empty);
    }

    [Test]
    public void When_a_rollout_was_judged_whether_it_stalled_and_what_a_member_has_passed_are_read_as_they_were_stored()
    {
        _stores.Fleet.Put(SampleFleet.Change(SampleFleet.Record("pump-1")));
        RolloutState state = RolloutState.Draft(EngineWorld.PlanOf(new StagePlan("all", null))) with { EvaluatedAt = SampleFleet.Noon, Stalled = true };
        _stores.Fleet.Put(SampleFleet.Change(null, null, new RolloutStep(state, [new Member(DeviceId.Parse("pump-1"), 0, MemberStatus.Waiting) { Passed = 3 }])));
        RolloutState read = _stores.Fleet.Read().Rollouts.Single();
        Assert.That((read.EvaluatedAt, read.Stalled, read.Members.Values.Single().Passed), Is.EqualTo((SampleFleet.Noon, true, 3)));
    }

    [Test]
    public void A_draft_that_was_edited_has_the_releases_of_its_new_plan_alone()
    {
        RolloutPlan plan = EngineWorld.PlanOf(new StagePlan("all", null));
        PlannedRelease first = new(ReleaseVersion.Parse("1.5.0"), RepositorySimulator.PathOf("1.5.0"), Sha256Digest.Of("1.5.0"u8), new SecurityVersion(2));
        _stores.Fleet.Put(SampleFleet.Change(null, null, new RolloutStep(RolloutState.Draft(plan with { PassThrough = [first] }), [])));
        RolloutState edited = RolloutState.Draft(plan with { PassThrough = [first with { Version = ReleaseVersion.Parse("1.6.0") }] });
        _stores.Fleet.Put(SampleFleet.Change(null, null, new RolloutStep(edited, [])));
        Assert.That(_stores.Fleet.Read().Rollouts.Single().Plan.PassThrough, Is.EqualTo(edited.Plan.PassThrough));
        Assert.That(_stores.Ask("SELECT count(*) FROM rollout_ways"), Is.EqualTo(1));
    }

    [Test]
    public void A48_A_change_is_stored_wholly_or_not_at_all()
    {
        RolloutState draft = RolloutState.Draft(EngineWorld.PlanOf(new StagePlan("all", null)));
        Member unknown = new(DeviceId.Parse("nobody"), 0, MemberStatus.Waiting);
        FleetChange change = SampleFleet.Change(SampleFleet.Record("pump-1") with { Deployment = "r1-pump-1" }, [1], new RolloutStep(draft, [unknown]));
        Assert.That(() => _stores.Fleet.Put(change), Throws.InstanceOf<System.Data.Common.DbException>(), "a member that is no device");
        FleetReplica fleet = _stores.Fleet.Read();
        Assert.That((fleet.Fleet.Devices.Count, fleet.Rollouts.Count, _stores.Ask("SELECT count(*) FROM reports")), Is.EqualTo((0, 0, 0)));
    }

    [Test]
    public void Nothing_is_stored_when_nothing_is_decided_or_deciding_fails()
    {
        _stores.Fleet.Change(0, static _ => null);
        Assert.That(() => _stores.Fleet.Change(0, static _ => throw new RolloutRefusedException("x", "y")), Throws.TypeOf<RolloutRefusedException>());
        Assert.That(_stores.Fleet.Put(SampleFleet.Change(SampleFleet.Record("pump-1"))), Is.GreaterThan(0), "and nobody has to wait for whoever failed");
        Assert.That(_stores.Fleet.Read().Fleet.Devices, Has.Count.EqualTo(1));
    }

    [Test]
    public void Sightings_go_forward_and_are_the_key_s_own()
    {
        foreach (string device in (string[])["ahead", "again", "behind", "remade"])
        {
            _stores.Fleet.Put(SampleFleet.Change(SampleFleet.Record(device, 5)));
        }

        DateTimeOffset later = SampleFleet.Noon.AddMinutes(1);
        _stores.Fleet.Put(SampleFleet.Change() with
        {
            Seen =
            [
                new Sighting(DeviceId.Parse("ahead"), SampleFleet.Key, 6, new byte[] { 9 }, later),
                new Sighting(DeviceId.Parse("again"), SampleFleet.Key, 5, new byte[] { 9 }, later),
                new Sighting(DeviceId.Parse("behind"), SampleFleet.Key, 4, new byte[] { 9 }, later),
                new Sighting(DeviceId.Parse("remade"), new KeyId(Sha256Digest.Of("other"u8)), 6, new byte[] { 9 }, later),
                new Sighting(DeviceId.Parse("unknown"), SampleFleet.Key, 6, new byte[] { 9 }, later),
            ],
        });
        Assert.That(
            _stores.Fleet.Read().Fleet.Devices.Values.Select(static d => (d.Device.ToString(), d.Ordinal, d.LastSeen)),
            Is.EquivalentTo(new[] { ("ahead", 6L, later), ("again", 5L, later), ("behind", 5L, SampleFleet.Noon), ("remade", 5L, SampleFleet.Noon) }));
    }

    [Test]
    public void What_operators_say_of_a_device_is_read_as_it_was_said_last()
    {
        DeviceTraits traits = new(DeviceId.Parse("not-here-yet"))
        {
            Site = "Zürich",
            Hardware = "rev B",
            TimeZone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Zurich"),
            Tags = ["beta", "a b"],
        };
        _stores.Fleet.Put(SampleFleet.Change() with { Description = SampleFleet.Said(new DeviceTraits(traits.Device) { Site = "elsewhere" }) });
        _stores.Fleet.Put(SampleFleet.Change() with { Description = SampleFleet.Said(traits) });
        DeviceTraits read = _stores.Fleet.Read().Fleet.Traits.Values.Single();
        Assert.That((read.Site, read.Hardware, read.TimeZone?.Id), Is.EqualTo((traits.Site, traits.Hardware, traits.TimeZone.Id)));
        Assert.That(read.Tags, Is.EquivalentTo(traits.Tags));
    }

    [TestCase("UPDATE rollout_decisions SET why = 'something else'")]
    [TestCase("DELETE FROM rollout_decisions")]
    public void P8_A_decision_is_neither_changed_nor_deleted(string sql)
    {
        RolloutState draft = RolloutState.Draft(EngineWorld.PlanOf(new StagePlan("all", null)));
        RolloutDecision decision = new(SampleFleet.Noon, DecisionKind.Created, "ann", -1, "because", DecisionFigures.Of(draft, draft.Stage));
        _stores.Fleet.Put(SampleFleet.Change(null, null, new RolloutStep(draft, []) { Decisions = [decision] }));
        Assert.That(() => _stores.Ask(sql), Throws.InstanceOf<System.Data.Common.DbException>().With.Message.Contains("a decision is n"));
        Assert.That(_stores.Decisions.Of(1).Single().Why, Is.EqualTo("because"));
    }

    [Test]
    public void A_publication_replaces_the_one_that_it_was_made_from_and_no_other()
    {
        Publication first = Publish(Publication.Empty, "1.0.0", ulong.MaxValue, GateOverride.Parse("clinical-use"));
        Publication second = Publish(first, "2.0.0", 2, GateOverride.None);
        Publication read = _stores.Releases.Load();
        Assert.That((read.Generation, read.TimestampVersion, read.Releases.Single()), Is.EqualTo((2, 2, second.Releases[0])));
        Assert.That(read.Files, Is.EquivalentTo(second.Files));
        Assert.That(() => _stores.Releases.Commit(first, second with { TimestampVersion = 99 }, SampleFleet.Ann), Throws.InvalidOperationException.With.Message.Contains("publication 1 is not the one in force"));
        Assert.That(_stores.Releases.Load().TimestampVersion, Is.EqualTo(2), "nothing changed");
        Assert.That(_stores.Fleet.Load().Generation, Is.EqualTo(2), "whoever decides knows by which publication");
    }

    [Test]
    public void What_came_of_a_delta_pack_is_read_until_it_is_forgotten()
    {
        DeltaKey key = new(Sha256Digest.Of("base"u8), Sha256Digest.Of("image"u8));
        DeltaRecord failed = new(key, DeltaState.Failed, null, null, 2, "refused", SampleFleet.Noon);
        DeltaRecord made = new(key, DeltaState.Made, Sha256Digest.Of("pack"u8), long.MaxValue, 0, null, SampleFleet.Noon) { Maker = 7, Wanted = SampleFleet.Noon.AddDays(1) };
        _stores.Deltas.Save(failed);
        Assert.That(_stores.Deltas.Load(), Is.EqualTo(new[] { failed }));
        _stores.Deltas.Save(made);
        Assert.That(_stores.Deltas.Load(), Is.EqualTo(new[] { made }));
        _stores.Deltas.Delete(key);
        Assert.That(_stores.Deltas.Load(), Is.Empty);
    }

    [Test]
    public void An_enrolment_replaces_the_one_that_was_looked_at_and_no_other()
    {
        EnrolmentRecord first = Enrolment("pump-1", "first", 1), second = Enrolment("pump-1", "second", 2);
        Assert.That(_stores.Enrolments.Save(first, null, "ann"));
        Assert.That(_stores.Enrolments.Save(second, null, "ann"), Is.False, "there is one");
        Assert.That(_stores.Enrolments.Save(second, first, "ann"));
        EnrolmentRecord issued = first with { State = EnrolmentState.Issued, Answered = SampleFleet.Noon, Certificate = new byte[] { 1 } };
        Assert.That(_stores.Enrolments.Save(issued, first, "ann"), Is.False, "the device asked again meanwhile");
        Assert.That(_stores.Enrolments.Find(second.Device, second.Product)!.RequestDigest, Is.EqualTo(second.RequestDigest));
        Assert.That(_stores.Enrolments.Find(first.RequestDigest), Is.Null);
        EnrolmentRecord refused = second with { State = EnrolmentState.Refused, Answered = SampleFleet.Noon, Detail = "no" };
        Assert.That(_stores.Enrolments.Save(refused, second, "ann"));
        Assert.That(_stores.Enrolments.Save(refused with { Detail = "never" }, second, "ann"), Is.False, "somebody answered meanwhile");
        EnrolmentRecord read = _stores.Enrolments.Find(second.RequestDigest)!;
        Assert.That(read with { Request = default }, Is.EqualTo(refused with { Request = default }));
        Assert.That(read.Request.ToArray(), Is.EqualTo(refused.Request.ToArray()));
    }

    [Test]
    public void A_member_that_was_let_go_is_one_that_a_later_stage_may_take()
    {
        DeviceId pump = DeviceId.Parse("pump-1");
        _stores.Fleet.Put(SampleFleet.Change(SampleFleet.Record("pump-1")));
        RolloutState running = RolloutState.Draft(EngineWorld.PlanOf(new StagePlan("canary", 1), new StagePlan("rest", null))) with { Status = RolloutStatus.Running, Stage = 0 };
        Member left = new(pump, 0, MemberStatus.Left) { GrantedAt = SampleFleet.Noon, HeardAt = SampleFleet.Noon }, again = left with { Stage = 1, Status = MemberStatus.Waiting, Evidence = Evidence.Unsigned, Serial = 1 };
        foreach (Member member in (Member[])[left, again])
        {
            _stores.Fleet.Put(SampleFleet.Change(null, null, new RolloutStep(running, [member])));
            Assert.That(_stores.Fleet.Read().Rollouts.Single().Members[pump], Is.EqualTo(member));
        }
    }

    [Test]
    public void Of_which_product_a_name_is_and_that_it_is_shut_out_are_read_with_the_fleet()
    {
        DeviceId pump = DeviceId.Parse("pump-1");
        DeviceTraits traits = new(pump) { Product = ProductName.Parse("ventilator") };
        _stores.Fleet.Put(new FleetChange(null, null, []) { Description = new DeviceDescription(SampleFleet.Noon, "ann", null, traits) });
        long known = _stores.Fleet.Load().Number;
        _stores.Revocations.Save(_stores.Revocations.Load().Number, new DeviceRevocation(pump, null, "lost", "ann", SampleFleet.Noon), Decision(AccessDecisionKind.DeviceRevoked));
        _stores.Revocations.Save(_stores.Revocations.Load().Number, new DeviceRevocation(DeviceId.Parse("pump-2"), SampleFleet.Record("pump-2").Key, "lost", "ann", SampleFleet.Noon), Decision(AccessDecisionKind.DeviceRevoked));
        FleetNews all = _stores.Fleet.Load(), news = _stores.Fleet.ReadSince(known);
        Assert.That((all.Traits.Single().Product, all.ShutOut!.Single(), news.ShutOut!.Single()), Is.EqualTo((traits.Product, pump, pump)), "of a key it says nothing to a rollout");
        _stores.Revocations.Lift(_stores.Revocations.Load().Number, pump, Decision(AccessDecisionKind.DeviceReinstated));
        Assert.That(_stores.Fleet.ReadSince(news.Number).ShutOut, Is.Empty);

        static AccessDecision Decision(AccessDecisionKind kind) => new(SampleFleet.Noon, "ann", kind, "pump-1", "because");
    }

    [Test]
    public void A44_Devices_of_two_products_with_one_name_have_each_their_own_enrolment()
    {
        EnrolmentRecord pump = Enrolment("pump-1", "of the pump", 1), other = Enrolment("pump-1", "of the other", 2) with { Product = ProductName.Parse("ventilator") };
        Assert.That(_stores.Enrolments.Save(pump, null, "ann"));
        Assert.That(_stores.Enrolments.Save(other, null, "ann"));
        Assert.That(_stores.Enrolments.Save(other with { State = EnrolmentState.Refused, Answered = SampleFleet.Noon, Detail = "no" }, other, "ann"));
        Assert.That(_stores.Enrolments.Find(pump.Device, pump.Product)!.RequestDigest, Is.EqualTo(pump.RequestDigest));
        Assert.That(_stores.Enrolments.Find(other.Device, other.Product)!.State, Is.EqualTo(EnrolmentState.Refused));
        Assert.That(_stores.Enrolments.Waiting([new Grant(Role.Publisher)], 10).Select(static e => e.Product), Is.EqualTo([pump.Product]));
    }

    [Test]
    public void Those_that_wait_are_shown_the_oldest_first()
    {
        foreach ((string device, int minute) in (ReadOnlySpan<(string, int)>)[("c", 3), ("a", 1), ("d", 4), ("b", 1)])
        {
            _stores.Enrolments.Save(Enrolment(device, device, minute), null, "ann");
        }

        EnrolmentRecord last = _stores.Enrolments.Find(DeviceId.Parse("d"), ProductName.Parse("infusion-pump"))!;
        _stores.Enrolments.Save(last with { State = EnrolmentState.Refused, Answered = SampleFleet.Noon, Detail = "no" }, last, "ann");
        Assert.That(_stores.Enrolments.Waiting([new Grant(Role.Publisher)], 2).Select(static e => e.Device.ToString()), Is.EqualTo(new[] { "a", "b" }));
        Assert.That(_stores.Enrolments.Waiting([new Grant(Role.Publisher)], 10), Has.Count.EqualTo(3));
    }

    [Test]
    [Proves("I-14")]
    public void A45_Those_that_wait_are_shown_by_product_and_site_whatever_waits_before_them_of_others()
    {
        for (int i = 1; i <= 4; i++)
        {
            _stores.Enrolments.Save(Enrolment($"vent-{i}", $"of the ventilator {i}", i) with { Product = ProductName.Parse("ventilator") }, null, "ann");
            _stores.Enrolments.Save(Enrolment($"pump-{i}", $"of the pump {i}", 10 + i), null, "ann");
        }

        foreach ((string device, string? site) in ((string, string?)[])[("vent-1", "basel"), ("pump-2", null), ("pump-3", "basel"), ("pump-4", "bern")])
        {
            _stores.Fleet.Put(new FleetChange(null, null, []) { Description = SampleFleet.Said(new DeviceTraits(DeviceId.Parse(device)) { Site = site }) });
        }

        Grant pumps = new(Role.Publisher) { Products = ["infusion-pump"] }, basel = new(Role.Publisher) { Sites = ["basel"] };
        Assert.That(Shown(2, pumps), Is.EqualTo("pump-1 pump-2"));
        Assert.That(Shown(10, basel), Is.EqualTo("vent-1 pump-3"));
        Assert.That(Shown(10, pumps with { Sites = ["basel", "bern"] }), Is.EqualTo("pump-3 pump-4"));
        Assert.That(Shown(10, pumps with { Sites = ["bern"] }, basel with { Products = ["ventilator", "infusion-pump"] }), Is.EqualTo("vent-1 pump-3 pump-4"));
        Assert.That(Shown(10), Is.Empty);

        string Shown(int most, params Grant[] grants) => string.Join(' ', _stores.Enrolments.Waiting(grants, most).Select(static e => e.Device));
    }

    /// <summary>Lets things happen, and stores what they change.</summary>
    private void Store(EngineWorld world, Action<EngineWorld> happen)
    {
        int decided = world.Decisions.Count;
        happen(world);
        _stores.Fleet.Put(SampleFleet.Change(null, null, new RolloutStep(world.State, [.. world.State.Members.Values]) { Decisions = [.. world.Decisions.Skip(decided)] }));
    }

    private Publication Publish(Publication before, string version, ulong sequence, GateOverride gates)
    {
        Release release = new(
            ProductName.Parse(RepositorySimulator.ProductName), ReleaseVersion.Parse(version), RepositorySimulator.PathOf(version), Sha256Digest.Of([1]), new SequenceNumber(sequence),
            new SecurityVersion(uint.MaxValue), long.MaxValue, 1, gates);
        Dictionary<string, PublishedFile> files = new(before.Files, StringComparer.Ordinal) { ["metadata/timestamp.json"] = new PublishedFile(Sha256Digest.Of([2]), before.Generation), [version] = new PublishedFile(Sha256Digest.Of([3]), 1) };
        Publication after = new(before.Generation + 1, before.TimestampVersion + 1, files.ToFrozenDictionary(StringComparer.Ordinal), [release]);
        _stores.Releases.Commit(before, after, SampleFleet.Ann);
        return after;
    }

    internal static EnrolmentRecord Enrolment(string device, string request, int minute) => new()
    {
        Device = DeviceId.Parse(device),
        Product = ProductName.Parse(RepositorySimulator.ProductName),
        Key = SampleFleet.Key,
        Request = System.Text.Encoding.UTF8.GetBytes(request),
        RequestDigest = Sha256Digest.Of(System.Text.Encoding.UTF8.GetBytes(request)),
        Received = SampleFleet.Noon.AddMinutes(minute),
        State = EnrolmentState.Waiting,
    };
}
