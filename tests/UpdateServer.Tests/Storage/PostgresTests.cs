using System.Collections.Immutable;
using Dapper;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Storage.Postgres;
using Fota.UpdateServer.Tests.Rollouts;
using Fota.UpdateServer.Tests.Support;
using Npgsql;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>What only a store that several servers share has to do.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PostgresTests : IDisposable
{
    private readonly PostgresStores _stores = new();

    [SetUp]
    public Task OpenAsync() => _stores.OpenAsync();

    public void Dispose() => _stores.Dispose();

    [TestCase("40001", 4)]
    [TestCase("40P01", 4)]
    [TestCase("55P03", 4)]
    [TestCase("57P01", 4)]
    [TestCase("23505", 1)]
    [TestCase("42P01", 1)]
    public void What_is_in_the_way_is_tried_again_three_times_and_what_is_wrong_is_not(string state, int tries)
    {
        int tried = 0;
        Assert.That(
            () => _stores.Database.Write((connection, transaction) =>
            {
                tried++;
                connection.Execute($"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$", transaction: transaction);
            }),
            tries == 1 ? Throws.TypeOf<PostgresException>() : state.StartsWith("40", StringComparison.Ordinal) ? Throws.TypeOf<StoreBusyException>() : Throws.TypeOf<StoreUnavailableException>());
        Assert.That(tried, Is.EqualTo(tries));
    }

    [Test]
    public void A45_A_decision_about_people_that_rests_on_what_another_server_changed_meanwhile_is_not_stored()
    {
        AccessDecision decision = new(SampleFleet.Noon, "root", AccessDecisionKind.PersonSet, "ann", "because");
        long known = _stores.People.Load().Number;
        Assert.That(_stores.People.Save(known, new PeopleChange(new Person("ann") { Created = SampleFleet.Noon }, []), decision), Is.EqualTo(known + 1));
        Assert.That(_stores.People.Save(known, new PeopleChange(new Person("bo") { Created = SampleFleet.Noon }, []), decision), Is.Null);
        Assert.That(_stores.People.Load().People.Select(static p => p.Name), Is.EqualTo(["ann"]));
        Assert.That(_stores.AccessDecisions.Newest(10), Has.Count.EqualTo(1));
    }

    [Test]
    public void A44_A_decision_about_a_device_that_rests_on_what_another_server_changed_meanwhile_is_not_stored()
    {
        DeviceId pump = DeviceId.Parse("pump-1");
        AccessDecision decision = new(SampleFleet.Noon, "ann", AccessDecisionKind.DeviceRevoked, "pump-1", "because");
        long known = _stores.Revocations.Load().Number;
        Assert.That(_stores.Revocations.Save(known, new DeviceRevocation(pump, null, "stolen", "ann", SampleFleet.Noon), decision), Is.EqualTo(known + 1));
        Assert.That(_stores.Revocations.Lift(known, pump, decision), Is.Null, "whoever decided it did not know that it was shut out");
        Assert.That(_stores.Revocations.Load().Revocations, Has.Count.EqualTo(1));
        Assert.That(_stores.AccessDecisions.Newest(10), Has.Count.EqualTo(1));
    }

    [TestCase("INSERT INTO device_revocations (device, key_id, reason, made_by, at) VALUES ('pump-1', '', 'stolen', 'ann', 1)")]
    [TestCase("DELETE FROM device_revocations")]
    public void A44_A_revocation_that_an_older_program_makes_counts_as_one_that_others_have_to_read(string sql)
    {
        long known = _stores.Revocations.Load().Number;
        _stores.Ask(sql);
        Assert.That(_stores.Revocations.Load().Number, Is.EqualTo(known + 1));
    }

    [Test]
    public void A_connection_that_died_in_the_pool_costs_a_try_and_no_request()
    {
        Assert.That(_stores.Fleet.Load().Number, Is.Zero);
        _stores.Ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        Assert.That(_stores.Fleet.Put(SampleFleet.Change(SampleFleet.Record("pump-1"))), Is.EqualTo(1));
    }

    [Test]
    public void Changes_are_numbered_without_gaps_and_whoever_makes_one_is_told_what_it_missed()
    {
        _stores.Fleet.Change(0, static _ => SampleFleet.Change(SampleFleet.Record("pump-1")));
        _stores.Fleet.Change(1, static _ => null);
        Assert.That(() => _stores.Fleet.Change(1, static _ => throw new InvalidOperationException()), Throws.InvalidOperationException);
        long number = _stores.Fleet.Change(1, static _ => SampleFleet.Change(SampleFleet.Record("pump-2")));
        FleetNews? seen = null;
        _stores.Fleet.Change(1, news =>
        {
            seen = news;
            return null;
        });
        Assert.That((number, seen!.Number, seen.Devices.Single().Device.ToString()), Is.EqualTo((2, 2, "pump-2")));
        Assert.That(_stores.Fleet.ReadSince(2).Devices, Is.Empty);
    }

    [Test]
    public void A48_A_replica_that_follows_change_by_change_is_what_a_new_one_reads()
    {
        RolloutPlan plan = EngineWorld.PlanOf(new StagePlan("canary", 3), new StagePlan("rest", null) { Cap = 4, Rate = new GrantRate(3) }) with { Timeout = TimeSpan.FromMinutes(30) };
        EngineWorld world = new(plan, [.. Enumerable.Range(1, 12).Select(static i => EngineWorld.Device($"pump-{i}"))]);
        foreach (FleetDevice device in world.Fleet)
        {
            _stores.Fleet.Put(SampleFleet.Change(SampleFleet.Record(device.Device.ToString())));
        }

        FleetReplica follower = _stores.Fleet.Read();
        Follow();
        world.Started();
        Follow();
        for (int round = 0; round < 12; round++)
        {
            world.AllAsk();
            Follow();
            Member[] granted = [.. world.Granted];
            foreach (Member member in granted.Where((_, i) => (i + round) % 3 != 0))
            {
                world.Say(member, (ReportState)(round % 4 == 0 ? (int)ReportState.Failed : (int)ReportState.Confirmed));
            }

            Follow();
            world.Judge().Pass(TimeSpan.FromSeconds(25));
            Follow();
        }

        Assert.That(world.State.Members, Has.Count.EqualTo(12), "it came to the second stage");

        void Follow()
        {
            RolloutState before = follower.Rollouts.Count == 0 ? RolloutState.Draft(plan) : follower.Rollouts[0];
            Member[] changed = [.. world.State.Members.Values.Where(m => before.Members.GetValueOrDefault(m.Device) is not { } old || old with { Ordinal = 0 } != m with { Ordinal = 0 })];
            _stores.Fleet.Put(SampleFleet.Change(null, null, new RolloutStep(world.State, changed)));
            follower = follower.With(_stores.Fleet.ReadSince(follower.Number));
            Assert.That(follower.Rollouts.Single().Describe(), Is.EqualTo(_stores.Fleet.Read().Rollouts.Single().Describe()));
            Assert.That(follower.Rollouts.Single().Describe(), Is.EqualTo(world.State.Describe()));
        }
    }

    [Test]
    [Proves("O-29")]
    public void A48_A_replica_that_reads_several_changes_at_once_counts_a_member_that_left_and_came_back_in_its_stage_alone()
    {
        RolloutPlan plan = EngineWorld.PlanOf(new StagePlan("canary", 3) { MinimumSample = 1 }, new StagePlan("rest", null)) with { Timeout = TimeSpan.FromMinutes(30) };
        EngineWorld world = new(plan, [.. Enumerable.Range(1, 6).Select(static i => EngineWorld.Device($"pump-{i}"))]);
        foreach (FleetDevice device in world.Fleet)
        {
            _stores.Fleet.Put(SampleFleet.Change(SampleFleet.Record(device.Device.ToString())));
        }

        FleetReplica follower = _stores.Fleet.Read();
        ImmutableDictionary<DeviceId, Member> stored = ImmutableDictionary<DeviceId, Member>.Empty;
        int steps = 0;
        Store(world.Started());
        DeviceId gone = world.State.Members.Keys.First();
        Store(world.Judge());
        Store(world.Pass(TimeSpan.FromMinutes(1)));
        Store(world.Judge());
        Assert.That((follower.Rollouts.Single().Members[gone].Status, follower.Rollouts.Single().Members[gone].Stage), Is.EqualTo((MemberStatus.Waiting, 0)));

        Store(world.ShutOut(gone).Judge());
        Store(world.AllAsk());
        Store(world.ShutOut(gone, isShutOut: false).AllConfirm());
        Store(world.Judge());
        RolloutState followed = follower.Rollouts.Single();
        Assert.That((followed.Members[gone].Status, followed.Members[gone].Stage), Is.EqualTo((MemberStatus.Waiting, 1)));
        PromiseKeeper.Recount(followed);
        Assert.That(followed.Describe(), Is.EqualTo(world.State.Describe()));

        // What was stored is read with every fourth step alone.
        void Store(EngineWorld next)
        {
            Member[] changed = [.. next.State.Members.Values.Where(m => stored.GetValueOrDefault(m.Device) != m)];
            _stores.Fleet.Put(SampleFleet.Change(null, null, new RolloutStep(next.State, changed)));
            stored = next.State.Members;
            follower = ++steps % 4 == 0 ? follower.With(_stores.Fleet.ReadSince(follower.Number)) : follower;
        }
    }

    [Test]
    public async Task P10_A_schema_that_wants_a_newer_program_is_refused_by_name()
    {
        _stores.Ask("UPDATE fota_schema SET version = 99, oldest_program = 98");
        Assert.That(
            async () => await PostgresSchema.PrepareAsync(_stores.Database, default),
            Throws.TypeOf<InvalidDataException>().With.Message.EqualTo(
                $"database: wanted a schema that a program of schema {PostgresSchema.Version} can work with, got schema 99, which wants one of 98 or newer"));
        await using IAsyncDisposable next = await PostgresSchema.PrepareAsync(await RepairedAsync(), default);
    }

    [TestCase(PostgresListener.Name, 1)]
    [TestCase(PostgresDatabase.Name, 1)]
    [TestCase(PostgresListener.Name, 4)]
    public async Task A45_A_schema_that_servers_of_programs_before_it_run_on_is_left_as_it_is_until_they_are_stopped(string session, int schema)
    {
        string connection = await (await PostgresServer.SharedAsync).CreateDatabaseAsync();
        using PostgresDatabase old = new(connection);
        await using (NpgsqlConnection running = await old.OpenOwnAsync(session, default))
        {
            await MakeAsync(running, schema);
            Assert.That(async () => await PostgresSchema.PrepareAsync(old, default), Throws.TypeOf<InvalidDataException>().With.Message.Contains("got 1 sessions of some: stop them first"));
            Assert.That(await running.QuerySingleAsync<long>("SELECT version FROM fota_schema"), Is.EqualTo(schema));
        }

        await using IAsyncDisposable started = await PostgresSchema.PrepareAsync(old, default);
        await using NpgsqlConnection now = await old.OpenOwnAsync("a test", default);
        Assert.That(await now.QuerySingleAsync<long>("SELECT version FROM fota_schema"), Is.EqualTo(PostgresSchema.Version));
    }

    [Test]
    public void A45_Programs_that_take_revoked_tokens_or_do_not_notice_that_they_are_ruled_out_start_no_more() => Assert.That(OldestProgram, Is.EqualTo(5));

    [Test]
    public void A44_Programs_that_do_not_know_whose_a_name_is_are_ruled_out_when_somebody_says_so_first()
    {
        _stores.Fleet.Put(SampleFleet.Change() with { Description = SampleFleet.Said(new DeviceTraits(DeviceId.Parse("pump-1")) { Site = "Basel" }) });
        Assert.That(OldestProgram, Is.EqualTo(5));
        _stores.Fleet.Put(SampleFleet.Change() with { Description = SampleFleet.Said(new DeviceTraits(DeviceId.Parse("pump-1")) { Product = SampleFleet.Record("pump-1").Product }) });
        Assert.That(OldestProgram, Is.EqualTo(6));
    }

    [TestCase("INSERT INTO device_traits (device, tags, changed, product) VALUES ('pump-1', '[]', 1, 'infusion-pump')", 6)]
    [TestCase("INSERT INTO rollout_members (rollout, device, stage, status, evidence, serial, retries, silent, granted_at, heard_at, changed, has_left) VALUES (1, 'pump-1', 0, 'Withdrawn', 'Signed', 0, 0, 0, 0, 0, 1, 1)", 8)]
    [TestCase("INSERT INTO device_traits (device, tags, changed) VALUES ('pump-1', '[]', 1)", 5)]
    public async Task A44_What_was_said_and_done_before_programs_were_ruled_out_by_it_rules_them_out_at_the_upgrade(string said, int oldest)
    {
        string connection = await (await PostgresServer.SharedAsync).CreateDatabaseAsync();
        using PostgresDatabase database = new(connection);
        await using NpgsqlConnection before = await database.OpenOwnAsync("a test", default);
        await MakeAsync(before, 7);
        await before.ExecuteAsync("SET session_replication_role = replica"); // the row alone, without those that it refers to
        await before.ExecuteAsync(said);
        await using IAsyncDisposable started = await PostgresSchema.PrepareAsync(database, default);
        Assert.That(await before.QuerySingleAsync<long>("SELECT oldest_program FROM fota_schema"), Is.EqualTo(oldest));
    }

    [Test]
    public void P9_Programs_that_count_whoever_was_let_go_are_ruled_out_with_the_first_one()
    {
        DeviceRecord pump = SampleFleet.Record("pump-1");
        _stores.Fleet.Put(SampleFleet.Change(pump));
        RolloutState running = RolloutState.Draft(EngineWorld.PlanOf(new StagePlan("all", null))) with { Status = RolloutStatus.Running, Stage = 0 };
        _stores.Fleet.Put(SampleFleet.Change(null, null, new RolloutStep(running, [new Member(pump.Device, 0, MemberStatus.Waiting)])));
        Assert.That(OldestProgram, Is.EqualTo(5));
        _stores.Fleet.Put(SampleFleet.Change(null, null, new RolloutStep(running, [new Member(pump.Device, 0, MemberStatus.Left)])));
        Assert.That(OldestProgram, Is.EqualTo(8));
    }

    [Test]
    public async Task A45_A_server_that_runs_ends_when_a_newer_program_rules_it_out()
    {
        string connection = await (await PostgresServer.SharedAsync).CreateDatabaseAsync();
        await using ServerUnderTest server = await ServerUnderTest.StartAsync(new PublicationSource(), new DatabaseSettings { Connection = connection });
        await using NpgsqlConnection newer = new(connection + ";Pooling=false");
        await newer.OpenAsync();
        await newer.ExecuteAsync("UPDATE fota_schema SET version = 99, oldest_program = 98");
        Assert.That(async () => await server.EndsAsync(), Throws.TypeOf<InvalidDataException>().With.Message.Contains("got schema 99, which wants one of 98 or newer"));
        Assert.That(async () => await server.Anonymous.GetAsync("/health"), Throws.TypeOf<HttpRequestException>());
    }

    [Test]
    public async Task A_newer_schema_that_older_programs_can_work_with_is_worked_with_and_left_as_it_is()
    {
        // What the next version's script may do while this one still runs: expand, with a default for whoever does not know the column.
        _stores.Ask("ALTER TABLE devices ADD COLUMN ward text NOT NULL DEFAULT ''");
        _stores.Ask("ALTER TABLE rollout_members ADD COLUMN shade bigint");
        _stores.Ask("UPDATE fota_schema SET version = 99");
        await using (await PostgresSchema.PrepareAsync(_stores.Database, default))
        {
            DeviceRecord pump = SampleFleet.Record("pump-1");
            _stores.Fleet.Put(SampleFleet.Change(pump));
            RolloutState running = RolloutState.Draft(EngineWorld.PlanOf(new StagePlan("all", null))) with { Status = RolloutStatus.Running, Stage = 0 };
            _stores.Fleet.Put(SampleFleet.Change(null, null, new RolloutStep(running, [new Member(pump.Device, 0, MemberStatus.Granted)])));
            Assert.That(_stores.Fleet.Read().Rollouts.Single().HoldsGrant(pump.Device));
        }

        Assert.That(_stores.Ask("SELECT version FROM fota_schema"), Is.EqualTo(99));
    }

    [Test]
    public void A48_A_server_that_hangs_over_a_change_is_waited_for_and_not_for_ever()
    {
        using NpgsqlConnection hanging = new(_stores.Database.ConnectionString + ";Pooling=false");
        hanging.Open();
        using NpgsqlTransaction transaction = hanging.BeginTransaction();
        hanging.Execute("UPDATE fleet SET changed = changed", transaction: transaction);
        Assert.That(hanging.QuerySingle<string>("SHOW idle_in_transaction_session_timeout", transaction: transaction), Is.EqualTo("10s"));
        Assert.That(hanging.QuerySingle<string>("SHOW lock_timeout", transaction: transaction), Is.EqualTo("2s"));
    }

    /// <summary>The tables as a program of that schema left them.</summary>
    private static async Task MakeAsync(NpgsqlConnection connection, int schema)
    {
        const string prefix = "Fota.UpdateServer.Storage.Postgres.Migrations.";
        await connection.ExecuteAsync("CREATE TABLE fota_schema (one boolean PRIMARY KEY DEFAULT true CHECK (one), version bigint NOT NULL, oldest_program bigint NOT NULL); INSERT INTO fota_schema (version, oldest_program) VALUES (0, 0)");
        foreach (string name in typeof(FotaServer).Assembly.GetManifestResourceNames().Where(static n => n.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).Take(schema))
        {
            using StreamReader script = new(typeof(FotaServer).Assembly.GetManifestResourceStream(name)!);
            await connection.ExecuteAsync(await script.ReadToEndAsync());
        }

        await connection.ExecuteAsync("UPDATE fota_schema SET version = @schema", new { schema });
    }

    private long OldestProgram => _stores.Ask("SELECT oldest_program FROM fota_schema");

    private Task<PostgresDatabase> RepairedAsync()
    {
        _stores.Ask($"UPDATE fota_schema SET version = {PostgresSchema.Version}, oldest_program = 0");
        return Task.FromResult(_stores.Database);
    }
}
