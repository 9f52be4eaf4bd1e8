using System.Collections.Immutable;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Tests.Rollouts;

/// <summary>Whether a device that asks is given its assignment.</summary>
public sealed class GrantTests
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    [Test]
    [Proves("O-20")]
    public void A47_Cap_counts_all_that_are_at_it_and_a_place_becomes_free_when_one_has_come_to_an_end()
    {
        EngineWorld world = new(5, new StagePlan("all", null) { Cap = 2 });
        Member[] first = [.. world.Started().AllAsk().Granted];
        Assert.That(first, Has.Length.EqualTo(2));
        world.Say(first[0], ReportState.Installing).AllAsk();
        Assert.That(world.Granted.Count(), Is.EqualTo(2));
        world.Say(first[0], ReportState.Confirmed).AllAsk();
        Assert.That(world.Granted.Count(), Is.EqualTo(2));
        Assert.That(world.Stage.Signed.Confirmed, Is.EqualTo(1));
    }

    [Test]
    [Proves("O-20")]
    public void A47_Cap_of_a_stage_counts_those_of_earlier_stages_too()
    {
        EngineWorld world = new(9, new StagePlan("canary", 3) { MinimumSample = 1 }, new StagePlan("rest", null) { Cap = 3 });
        world.Started().AllAsk();
        world.Say(world.Granted.First(), ReportState.Confirmed).Judge().AllAsk();
        Assert.That((world.State.Stage, world.Granted.Count()), Is.EqualTo((1, 3)));
    }

    [Test]
    [Proves("O-21")]
    public void Rate_holds_in_any_minute_and_not_only_in_those_of_the_clock()
    {
        EngineWorld world = new(100, new StagePlan("all", null) { Rate = new GrantRate(10) });
        world.Started().Pass(s_minute * 0.9).AllAsk();
        Assert.That(world.Granted.Count(), Is.EqualTo(10));
        Assert.That(world.Pass(s_minute * 0.2).AllAsk().Granted.Count(), Is.EqualTo(10), "another minute by the clock");
        Assert.That(world.Pass(s_minute * 0.8).AllAsk().Granted.Count(), Is.EqualTo(20));
    }

    [Test]
    [Proves("O-22")]
    public void Rate_grows_up_to_its_end()
    {
        GrantRate rate = new(10) { FactorPercent = 150, Every = TimeSpan.FromMinutes(10), UpTo = 30 };
        Assert.That(
            ((int[])[0, 9, 10, 20, 30, 1000]).Select(m => rate.At(TimeSpan.FromMinutes(m))),
            Is.EqualTo(new[] { 10, 10, 15, 23, 30, 30 }));
        Assert.That(new GrantRate(7).At(TimeSpan.FromDays(300)), Is.EqualTo(7));
    }

    [Test]
    [Proves("O-22")]
    public void Rate_grows_anew_after_a_pause()
    {
        EngineWorld world = new(100, new StagePlan("all", null) { Rate = new GrantRate(1) { FactorPercent = 1000, Every = s_minute, UpTo = 100 } });
        world.Started().Pass(s_minute * 3);
        world.Happen(new RolloutEvent.Paused(world.Now, "ann"));
        world.Happen(new RolloutEvent.Resumed(world.Now, "ann"));
        Assert.That(world.AllAsk().Granted.Count(), Is.EqualTo(1));
    }

    [Test]
    [Proves("O-21")]
    public void A48_Rate_holds_for_a_rollout_that_was_read_from_a_store()
    {
        EngineWorld world = new(100, new StagePlan("all", null) { Rate = new GrantRate(10) });
        world.Started().AllAsk();
        RolloutState read = (world.State with { Tallies = [default], Deadlines = [], RecentGrants = RecentGrants.None }).WithDerived();
        Assert.That((read.RecentGrants.Count, read.All), Is.EqualTo((10, world.State.All)));
    }

    [Test]
    [Proves("O-23")]
    public void Retries_are_for_the_reasons_that_the_plan_names_and_come_to_an_end()
    {
        RolloutPlan plan = EngineWorld.PlanOf(new StagePlan("all", null)) with
        {
            Retries = ImmutableSortedDictionary<RejectionReason, int>.Empty.Add(RejectionReason.StorageFailed, 1),
        };
        EngineWorld world = new(plan, [EngineWorld.Device("a"), EngineWorld.Device("b")]);
        Member[] members = [.. world.Started().AllAsk().Granted];
        world.Say(members[0], ReportState.Failed, RejectionReason.StorageFailed).Say(members[1], ReportState.Failed, RejectionReason.HealthCheckFailed).Judge().AllAsk();
        Assert.That((world.Stage.Signed.Failed, world.Granted.Count()), Is.EqualTo((1, 0)), "not twice within a minute");
        world.Pass(s_minute).AllAsk();
        Member again = world.Granted.Single();
        Assert.That(plan.DeploymentOf(again.Device, again.Serial), Is.EqualTo("r1-a~2"));
        Assert.That(((string[])["r1-a", "r1-a~2", "r1-a~3", "r1-b"]).Select(deployment => world.State.Made(deployment, again.Device)), Is.EqualTo([true, true, false, false]));

        world.Say(members[0], ReportState.Confirmed).Judge();
        Assert.That(world.Stage.Signed.Confirmed, Is.Zero, "what it says of the first time does not count for the second");
        world.Say(again, ReportState.Failed, RejectionReason.StorageFailed).Judge();
        Assert.That(world.Stage.Signed.Failed, Is.EqualTo(2));
    }

    [Test]
    [Proves("O-61")]
    public void Cancel_takes_back_what_has_not_begun_and_counts_what_had()
    {
        EngineWorld world = new(3, new StagePlan("all", null));
        Member[] members = [.. world.Started().AllAsk().Granted];
        world.Say(members[0], ReportState.Installing);
        world.Happen(new RolloutEvent.Cancelled(world.Now, "bob"));
        Assert.That((world.State.Status, world.State.Reason, world.Stage.Signed.Withdrawn, world.Stage.Signed.Begun), Is.EqualTo((RolloutStatus.Cancelled, "bob cancelled it", 2, 1)));
        world.Say(members[0], ReportState.Confirmed).Judge();
        Assert.That((world.State.Status, world.Stage.Signed.Confirmed), Is.EqualTo((RolloutStatus.Cancelled, 1)));
    }

    [Test]
    [Proves("O-62")]
    public void Time_does_not_run_backwards_in_a_rollout()
    {
        EngineWorld world = new(100, new StagePlan("all", null) { Rate = new GrantRate(10) });
        world.Started().AllAsk();
        world.Pass(-TimeSpan.FromDays(1)).AllAsk();
        Assert.That(world.Granted.Count(), Is.EqualTo(10));
    }
}
