using Fota.TestKit;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Tests.Rollouts;

/// <summary>What was taken once is read again, whatever the rules and the machine are now.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class StoredPlanTests : IDisposable
{
    private static readonly MaintenanceWindows s_always = new([new MaintenanceWindow([.. Enum.GetValues<DayOfWeek>()], new TimeOnly(0, 0), new TimeOnly(0, 0))]) { DefaultZone = TimeZones.Require("Europe/Zurich", "test") };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-plans-");

    public void Dispose() => _folder.Delete(recursive: true);

    // Accepted by the server before version 6 of the database: names were not looked at for control characters, counts had no upper end.
    [TestCase("all\tof them", null)]
    [TestCase("all", 999_999_999)]
    [Proves("O-7")]
    public void A48_Rollout_that_an_older_server_took_is_read_again_after_this_one_has_stored_it(string name, int? count)
    {
        RolloutPlan plan = EngineWorld.PlanOf(new StagePlan(name, count));
        Assert.That(PlanDocument.DigestOf(Stored(plan).Plan), Is.EqualTo(PlanDocument.DigestOf(plan)));
    }

    [Test]
    [Proves("O-7")]
    public void A48_Plan_whose_time_zone_is_not_on_this_machine_is_read_keeps_its_digest_and_opens_nothing()
    {
        RolloutPlan plan = EngineWorld.PlanOf(new StagePlan("all", null)) with { Windows = s_always };
        Assert.That(Stored(plan).Plan.Windows!.AreOpenFor(EngineWorld.Device("pump-1"), default), Is.True);
        RolloutPlan read = Stored(plan, "UPDATE rollouts SET plan = replace(plan, 'Europe/Zurich', 'Europe/Atlantis')").Plan;
        Assert.That(read.Windows!.AreOpenFor(EngineWorld.Device("pump-1"), default), Is.False);
        Assert.That(PlanDocument.DigestOf(read), Is.EqualTo(PlanDocument.DigestOf(plan with { Windows = s_always with { ZoneName = "Europe/Atlantis" } })));
    }

    [Test]
    [Proves("O-24", "O-36", "O-52")]
    public void A48_What_verdicts_rest_on_is_read_as_it_was()
    {
        RolloutState running = RolloutState.Draft(EngineWorld.PlanOf(new StagePlan("all", null))) with
        {
            Status = RolloutStatus.Running,
            Stage = 0,
            Stalled = true,
            EvaluatedAt = new DateTimeOffset(2026, 3, 2, 12, 0, 0, TimeSpan.Zero).AddTicks(1),
        };
        Member member = new(DeviceId.Parse("pump-1"), 0, MemberStatus.Waiting) { Serial = 2, Passed = 1 };
        SqliteFleetStore store = new(Database());
        Execute($"""
            INSERT INTO devices (device, product, version, slot, floor, state, manifest_digest, reason, ordinal, nonce, last_seen)
              VALUES ('pump-1', 'infusion-pump', '1.0.0', 0, 1, 'Idle', '{new string('0', 64)}', 0, 7, x'00', 1)
            """);
        store.Save(new FleetChange(null, null, [new RolloutStep(running with { Stalled = false }, [])]));
        store.Save(new FleetChange(null, null, [new RolloutStep(running, [member with { Passed = 0 }])]));
        store.Save(new FleetChange(null, null, [new RolloutStep(running, [member])]));
        RolloutState read = store.Load().Rollouts.Single();
        Assert.That((read.Stalled, read.EvaluatedAt, read.Members.Values.Single()), Is.EqualTo((true, running.EvaluatedAt, member)));
    }

    [Test]
    [Proves("O-7")]
    public void A48_Time_zone_of_a_device_that_is_not_on_this_machine_is_unknown_and_keeps_its_name()
    {
        SqliteTraitStore store = new(Database());
        store.Save(new DeviceTraits(DeviceId.Parse("pump-1")) { TimeZone = TimeZones.Require("Europe/Zurich", "test") });
        Execute("UPDATE device_traits SET time_zone = 'Europe/Atlantis'");
        DeviceTraits read = store.Load().Single();
        store.Save(read);
        Assert.That((read.TimeZone, store.Load().Single().ZoneName), Is.EqualTo(((TimeZoneInfo?)null, "Europe/Atlantis")));
    }

    private SqliteDatabase Database() => new(Path.Combine(_folder.FullName, "server.db"));

    private RolloutState Stored(RolloutPlan plan, string? then = null)
    {
        SqliteFleetStore store = new(Database());
        store.Save(new FleetChange(null, null, [new RolloutStep(RolloutState.Draft(plan), [])]));
        if (then is not null)
        {
            Execute(then);
        }

        return store.Load().Rollouts.Single();
    }

    private void Execute(string sql)
    {
        using SqliteConnection connection = new($"Data Source={Path.Combine(_folder.FullName, "server.db")}");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.That(command.ExecuteNonQuery(), Is.EqualTo(1));
    }
}
