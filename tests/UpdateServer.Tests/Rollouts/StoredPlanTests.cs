using Fota.TestKit;
using Fota.UpdateServer.AtRest;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Storage.Sqlite;
using Fota.UpdateServer.Tests.Storage;
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
    [Proves("O-7")]
    public void A48_Time_zone_of_a_device_that_is_not_on_this_machine_is_unknown_and_keeps_its_name()
    {
        SqliteFleetStore store = new(Database(), AtRestKeys.None);
        store.Put(new FleetChange(null, null, []) { Description = SampleFleet.Said(new DeviceTraits(DeviceId.Parse("pump-1")) { TimeZone = TimeZones.Require("Europe/Zurich", "test") }) });
        Execute("UPDATE device_traits SET time_zone = 'Europe/Atlantis'");
        DeviceTraits read = store.Load().Traits.Single();
        store.Put(new FleetChange(null, null, []) { Description = SampleFleet.Said(read) });
        Assert.That((read.TimeZone, store.Load().Traits.Single().ZoneName), Is.EqualTo(((TimeZoneInfo?)null, "Europe/Atlantis")));
    }

    private SqliteDatabase Database() => new(Path.Combine(_folder.FullName, "server.db"));

    private RolloutState Stored(RolloutPlan plan, string? then = null)
    {
        SqliteFleetStore store = new(Database(), AtRestKeys.None);
        store.Put(new FleetChange(null, null, [new RolloutStep(RolloutState.Draft(plan), [])]));
        if (then is not null)
        {
            Execute(then);
        }

        return store.Load().Rollouts.Single().Head;
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
