using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Tests.Rollouts;

/// <summary>Time in which nobody judged is neither silence nor soak time.</summary>
public sealed class AbsenceTests
{
    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1), s_minute = TimeSpan.FromMinutes(1);

    [Test]
    [Proves("O-52")]
    public void A48_Absence_puts_silence_off_by_its_length_and_is_decided_with_it()
    {
        EngineWorld world = Asked(2);
        world.Say(world.Granted.First(), ReportState.Installing).Pass(s_hour / 2).Judge();
        world.At(world.Now + (3 * s_hour)).Judge();
        Assert.That((world.Decisions[^1].Kind, world.Decisions[^1].By, world.Decisions[^1].Why), Is.EqualTo((DecisionKind.Gap, RolloutEngine.Name, "nobody was judged for 03:00:00: that is neither silence nor soak time")));
        Assert.That(world.Pass((s_hour / 2) - TimeSpan.FromTicks(1)).Judge().Stage.Signed.Silent, Is.Zero);
        Assert.That(world.Pass(TimeSpan.FromTicks(1)).Judge().Stage.Signed.Silent, Is.EqualTo(2));
    }

    [Test]
    [Proves("O-52")]
    public void A48_What_was_said_during_an_absence_is_not_put_into_the_future()
    {
        EngineWorld world = Asked(1);
        world.At(world.Now + (3 * s_hour)).Say(world.Granted.Single(), ReportState.Installing).Judge();
        Assert.That(world.Granted.Single().HeardAt, Is.EqualTo(world.Now));
    }

    [Test]
    [Proves("O-51", "O-52")]
    public void A43_A_device_that_waits_for_a_gate_has_its_whole_time_after_an_absence_too()
    {
        EngineWorld world = Asked(1);
        world.Say(world.Granted.Single(), ReportState.Deferred).Pass(s_hour - s_minute).Judge();
        world.Fleet = [world.Fleet[0] with { LastSeen = world.Now }];
        world.At(world.Now + (3 * s_hour)).Judge();
        Assert.That(world.Pass(s_hour - s_minute).Judge().Stage.Signed.Silent, Is.Zero, "it was there until the server was not");
        Assert.That(world.Pass(s_minute).Judge().Stage.Signed.Silent, Is.EqualTo(1));
    }

    [TestCase(5, 0)]
    [TestCase(6, 1)]
    [Proves("O-52")]
    public void A48_Absence_is_more_than_five_minutes(int minutes, int wanted)
    {
        EngineWorld world = Asked(1);
        Assert.That(world.Judge().At(world.Now + (minutes * s_minute)).Judge().Decisions.Count(static d => d.Kind == DecisionKind.Gap), Is.EqualTo(wanted));
    }

    [Test]
    [Proves("O-52")]
    public void A48_Absence_is_no_soak_time()
    {
        EngineWorld world = new(9, new StagePlan("canary", 2) { MinimumSample = 1, Soak = s_hour }, new StagePlan("rest", null));
        world.Started().AllAsk().Say(world.Granted.First(), ReportState.Confirmed).Judge().Pass(s_hour / 2).Judge();
        world.At(world.Now + (3 * s_hour)).Judge();
        Assert.That(world.Pass((s_hour / 2) - TimeSpan.FromTicks(1)).Judge().State.Stage, Is.Zero);
        Assert.That(world.Pass(TimeSpan.FromTicks(1)).Judge().State.Stage, Is.EqualTo(1));
    }

    [Test]
    [Proves("O-52")]
    public void Evaluation_that_finds_nothing_changes_nothing_but_once_a_minute_its_own_moment()
    {
        EngineWorld world = Asked(1);
        RolloutState before = world.Judge().State;
        Assert.That(world.Pass(s_minute - TimeSpan.FromTicks(1)).Judge().State, Is.SameAs(before));
        Assert.That(world.Pass(TimeSpan.FromTicks(1)).Judge().State, Is.EqualTo(before with { EvaluatedAt = world.Now, Clock = world.Now }));
    }

    private static EngineWorld Asked(int devices)
    {
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("all", null)) with { Timeout = s_hour }, new EngineWorld(devices, new StagePlan("x", 1)).Fleet);
        return world.Started().AllAsk();
    }
}
