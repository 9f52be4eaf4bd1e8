using System.Globalization;
using Fota.TestKit;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Tests.Rollouts;

/// <summary>Maintenance windows by the clock of the device's walls. In Zurich the clock went from 02:00 to 03:00 on 29 March 2026, and from 03:00 to 02:00 on 25 October.</summary>
public sealed class WindowTests
{
    private static readonly TimeZoneInfo s_zurich = TimeZones.Require("Europe/Zurich", "test");

    [TestCase("2026-01-10T01:00:00Z", "sat", "02:00", "03:00", true)]
    [TestCase("2026-01-10T00:59:59Z", "sat", "02:00", "03:00", false)]
    [TestCase("2026-01-10T02:00:00Z", "sat", "02:00", "03:00", false)]
    [TestCase("2026-01-11T01:30:00Z", "sat", "02:00", "03:00", false)]
    [TestCase("2026-07-11T00:30:00Z", "sat", "02:00", "03:00", true)]
    [TestCase("2026-01-10T22:30:00Z", "sat", "23:00", "04:00", true)]
    [TestCase("2026-01-11T02:30:00Z", "sat", "23:00", "04:00", true)]
    [TestCase("2026-01-10T02:30:00Z", "sat", "23:00", "04:00", false)]
    [TestCase("2026-01-10T12:00:00Z", "sat", "12:00", "12:00", true)]
    [TestCase("2026-01-11T10:59:00Z", "sat", "12:00", "12:00", true)]
    [Proves("O-25")]
    public void Window_is_open_by_the_devices_wall(string instant, string day, string from, string to, bool open) => Assert.That(IsOpen(instant, day, from, to), Is.EqualTo(open));

    // 01:59:59 becomes 03:00:00.
    [TestCase("2026-03-29T00:59:59Z", "01:30", "02:30", true)]
    [TestCase("2026-03-29T01:00:00Z", "01:30", "02:30", false)]
    [TestCase("2026-03-29T01:00:00Z", "02:15", "02:45", false)]
    [TestCase("2026-03-29T01:00:00Z", "02:30", "03:30", true)]
    [Proves("O-26")]
    public void What_the_clock_skips_does_not_open(string instant, string from, string to, bool open) => Assert.That(IsOpen(instant, "sun", from, to), Is.EqualTo(open));

    // 02:30 comes twice: at 00:30 and 01:30 UTC.
    [TestCase("2026-10-25T00:30:00Z", true)]
    [TestCase("2026-10-25T00:50:00Z", false)]
    [TestCase("2026-10-25T01:30:00Z", true)]
    [TestCase("2026-10-25T01:50:00Z", false)]
    [Proves("O-26")]
    public void What_the_clock_shows_twice_opens_twice(string instant, bool open) => Assert.That(IsOpen(instant, "sun", "02:15", "02:45"), Is.EqualTo(open));

    [Test]
    [Proves("O-27")]
    public void P10_Device_without_a_time_zone_is_asked_only_where_the_plan_has_one_for_it()
    {
        MaintenanceWindows always = new([new MaintenanceWindow([.. Enum.GetValues<DayOfWeek>()], new TimeOnly(0, 0), new TimeOnly(0, 0))]);
        foreach (TimeZoneInfo? zone in (TimeZoneInfo?[])[null, s_zurich])
        {
            EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("all", null)) with { Windows = always with { DefaultZone = zone } }, [EngineWorld.Device("pump-1")]);
            Assert.That(world.Started().AllAsk().Granted.Any(), Is.EqualTo(zone is not null));
        }
    }

    [Test]
    [Proves("O-25")]
    public void Devices_of_two_zones_are_asked_each_in_their_own_night()
    {
        MaintenanceWindows night = new([new MaintenanceWindow([.. Enum.GetValues<DayOfWeek>()], new TimeOnly(2, 0), new TimeOnly(4, 0))]);
        FleetDevice[] fleet = [EngineWorld.Device("tokyo") with { TimeZone = TimeZones.Require("Asia/Tokyo", "test") }, EngineWorld.Device("zurich") with { TimeZone = s_zurich }];
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("all", null)) with { Windows = night }, fleet) { Now = new DateTimeOffset(2026, 1, 10, 17, 30, 0, TimeSpan.Zero) };
        Assert.That(world.Started().AllAsk().Granted.Single().Device.ToString(), Is.EqualTo("tokyo"));
        Assert.That(world.Pass(TimeSpan.FromHours(8)).AllAsk().Granted.Count(), Is.EqualTo(2));
    }

    [Test]
    [Proves("O-62")]
    public void Window_is_that_of_the_true_time_after_the_servers_clock_was_ahead_for_a_moment()
    {
        MaintenanceWindows night = new([new MaintenanceWindow([.. Enum.GetValues<DayOfWeek>()], new TimeOnly(22, 0), new TimeOnly(23, 0))]) { DefaultZone = TimeZoneInfo.Utc };
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("all", null)) with { Windows = night }, [EngineWorld.Device("pump-1"), EngineWorld.Device("pump-2")]);
        world.Started().At(world.Now.AddHours(10.5)).Happen(new RolloutEvent.Asked(world.Now, world.Fleet[0]));
        Assert.That(world.Granted.Count(), Is.EqualTo(1));
        world.At(world.Now.AddHours(-10)).Happen(new RolloutEvent.Asked(world.Now, world.Fleet[1]));
        Assert.That(world.Granted.Count(), Is.EqualTo(1), "it is half past twelve, and the window opens at ten in the evening");
    }

    private static bool IsOpen(string instant, string day, string from, string to)
    {
        MaintenanceWindow window = new([(DayOfWeek)PlanReader.Days.IndexOf(day)], TimeOnly.Parse(from, CultureInfo.InvariantCulture), TimeOnly.Parse(to, CultureInfo.InvariantCulture));
        return new MaintenanceWindows([window]).AreOpenFor(EngineWorld.Device("pump-1") with { TimeZone = s_zurich }, DateTimeOffset.Parse(instant, CultureInfo.InvariantCulture));
    }
}
