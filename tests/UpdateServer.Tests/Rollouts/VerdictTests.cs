using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Tests.Rollouts;

/// <summary>When a stage is good, and when a rollout is aborted.</summary>
public sealed class VerdictTests
{
    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    [Test]
    [Proves("O-31")]
    public void P9_A_stage_waits_for_its_minimum_sample_and_not_for_all()
    {
        EngineWorld world = new(10, new StagePlan("canary", 5) { MinimumSample = 3 }, new StagePlan("rest", null));
        world.Started().AllAsk();
        Member[] canaries = [.. world.Granted];
        world.Say(canaries[0], ReportState.Confirmed).Say(canaries[1], ReportState.Confirmed).Judge();
        Assert.That(world.State.Stage, Is.Zero);
        world.Say(canaries[2], ReportState.Failed).Judge();
        Assert.That(world.State.Stage, Is.EqualTo(1), "three have come to an end, two of them well");
        world.Say(canaries[3], ReportState.Confirmed).Judge();
        Assert.That(world.State.Tallies[0].Signed.Confirmed, Is.EqualTo(3), "the others still count in their stage");
    }

    [TestCase(9, 10, 0)]
    [TestCase(10, 10, 1)]
    [Proves("O-32")]
    public void A_stage_needs_its_share_of_success(int good, int wanted, int stage)
    {
        EngineWorld world = new(20, new StagePlan("canary", 10) { SuccessPercent = 95 }, new StagePlan("rest", null));
        Member[] canaries = [.. world.Started().AllAsk().Granted];
        for (int i = 0; i < wanted; i++)
        {
            world.Say(canaries[i], i < good ? ReportState.Confirmed : ReportState.Failed);
        }

        Assert.That(world.Judge().State.Stage, Is.EqualTo(stage));
    }

    [Test]
    [Proves("O-33")]
    public void A_stage_soaks_before_the_next_one_begins_and_anew_when_it_was_not_good_in_between()
    {
        EngineWorld world = new(20, new StagePlan("canary", 4) { Soak = s_hour, MinimumSample = 2, SuccessPercent = 60 }, new StagePlan("rest", null));
        Member[] canaries = [.. world.Started().AllAsk().Granted];
        world.Say(canaries[0], ReportState.Confirmed).Say(canaries[1], ReportState.Confirmed).Judge();
        DateTimeOffset good = world.Now;
        world.Pass(s_hour / 2).Say(canaries[2], ReportState.Failed).Judge();
        Assert.That(world.State.GoodSince, Is.EqualTo(good), "two of three is enough");
        world.Pass(s_hour / 4).Say(canaries[3], ReportState.Failed).Judge();
        Assert.That(world.State.GoodSince, Is.Null, "two of four is not");
        world.Pass(s_hour).Judge();
        Assert.That(world.State.Stage, Is.Zero);
    }

    [Test]
    [Proves("O-33")]
    public void Soak_ends_to_the_tick()
    {
        EngineWorld world = new(20, new StagePlan("canary", 1) { Soak = s_hour }, new StagePlan("rest", null));
        world.Started().AllAsk().AllConfirm().Judge();
        Assert.That(world.Pass(s_hour - TimeSpan.FromTicks(1)).Judge().State.Stage, Is.Zero);
        Assert.That(world.Pass(TimeSpan.FromTicks(1)).Judge().State.Stage, Is.EqualTo(1));
    }

    // By hand, from Wilson's formula with z = 1.6448536: one-sided, 95 %.
    [TestCase(0, 10, 0.0)]
    [TestCase(1, 1, 0.269866)]
    [TestCase(3, 10, 0.126877)]
    [TestCase(30, 100, 0.230705)]
    [TestCase(10, 10, 0.787058)]
    [Proves("O-41")]
    public void Bound_is_Wilsons(int failed, int settled, double wanted) => Assert.That(FailureShare.LowerBound(failed, settled), Is.EqualTo(wanted).Within(1e-6));

    [Test]
    [Proves("O-41")]
    public void Few_failures_do_not_prove_a_share_and_many_do()
    {
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("all", null)) with { AbortAbovePercent = 20 }, new EngineWorld(100, new StagePlan("x", 1)).Fleet);
        Member[] members = [.. world.Started().AllAsk().Granted];
        for (int i = 0; i < 10; i++)
        {
            world.Say(members[i], i < 3 ? ReportState.Failed : ReportState.Confirmed);
        }

        Assert.That(world.Judge().State.Status, Is.EqualTo(RolloutStatus.Running), "3 of 10: at least 12.6 %");
        for (int i = 10; i < 100; i++)
        {
            world.Say(members[i], i < 37 ? ReportState.Failed : ReportState.Confirmed);
        }

        Assert.That(world.Judge().State.Status, Is.EqualTo(RolloutStatus.Aborted), "30 of 100: at least 23 %");
        Assert.That(world.State.Reason, Does.Contain("30 of 100").And.Contain("aborts above 20 %"));
    }

    [Test]
    [Proves("O-40")]
    public void A_stage_has_thresholds_of_its_own()
    {
        EngineWorld world = new(10, new StagePlan("canary", 5) { AbortAfterFailures = 2 }, new StagePlan("rest", null));
        Member[] canaries = [.. world.Started().AllAsk().Granted];
        world.Say(canaries[0], ReportState.Failed).Judge();
        Assert.That(world.State.Status, Is.EqualTo(RolloutStatus.Running));
        world.Say(canaries[1], ReportState.RolledBack).Judge();
        Assert.That((world.State.Status, world.State.Reason), Is.EqualTo((RolloutStatus.Aborted, "2 of 5 devices of stage canary failed; the stage aborts at 2")));
    }

    [Test]
    [Proves("O-40")]
    public void Late_failures_of_an_earlier_stage_abort_by_its_own_threshold()
    {
        EngineWorld world = new(10, new StagePlan("canary", 3) { AbortAfterFailures = 1, MinimumSample = 1 }, new StagePlan("rest", null));
        Member[] canaries = [.. world.Started().AllAsk().Granted];
        world.Say(canaries[0], ReportState.Confirmed).Judge();
        Assert.That(world.State.Stage, Is.EqualTo(1));
        Assert.That(world.Say(canaries[1], ReportState.Failed).Judge().State.Status, Is.EqualTo(RolloutStatus.Aborted));
    }

    [Test]
    [Proves("O-30", "O-42")]
    public void What_was_reported_and_not_yet_judged_stops_grants()
    {
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("all", null)) with { AbortAfterFailures = 1 }, new EngineWorld(3, new StagePlan("x", 1)).Fleet);
        world.Started().Happen(new RolloutEvent.Asked(world.Now, world.Fleet[0]));
        world.Say(world.Granted.Single(), ReportState.Failed).AllAsk();
        Assert.That(world.Granted, Is.Empty);
        Assert.That(world.State.Status, Is.EqualTo(RolloutStatus.Running));
        Assert.That(world.Judge().State.Status, Is.EqualTo(RolloutStatus.Aborted));
    }

    [Test]
    [Proves("O-50")]
    public void Silence_after_the_timeout_is_a_failure_and_news_puts_it_off()
    {
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("all", null)) with { Timeout = s_hour, AbortAfterFailures = 2 }, new EngineWorld(2, new StagePlan("x", 1)).Fleet);
        Member[] members = [.. world.Started().AllAsk().Granted];
        world.Pass(s_hour / 2).Say(members[0], ReportState.Installing).Pass(s_hour / 2).Judge();
        Assert.That((world.Stage.Signed.Failed, world.Stage.Signed.Silent), Is.EqualTo((1, 1)));
        Assert.That(world.Decisions[^1].Kind, Is.EqualTo(DecisionKind.Silence));
        world.Say(members[1], ReportState.Confirmed).Judge();
        Assert.That(world.Stage.Signed.Confirmed, Is.Zero, "a failure is final");
        world.Pass(s_hour / 2).Judge();
        Assert.That(world.State.Status, Is.EqualTo(RolloutStatus.Aborted));
    }

    [Test]
    [Proves("O-51")]
    public void A43_A_device_that_waits_for_a_gate_is_not_silent_as_long_as_it_comes()
    {
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("all", null)) with { Timeout = s_hour }, new EngineWorld(2, new StagePlan("x", 1)).Fleet);
        Member[] members = [.. world.Started().AllAsk().Granted];
        world.Say(members[0], ReportState.Deferred).Say(members[1], ReportState.Deferred);
        world.Pass(s_hour * 0.9);
        world.Fleet = [world.Fleet[0] with { LastSeen = world.Now }, world.Fleet[1]];
        world.Pass(s_hour * 0.2).Judge();
        Assert.That(world.State.Members[members[0].Device].Status, Is.EqualTo(MemberStatus.Granted));
        Assert.That(world.State.Members[members[1].Device].Silent, Is.True);
        Assert.That(world.Pass(s_hour).Judge().Stage.Signed.Silent, Is.EqualTo(2), "it did not come again");
    }

    [Test]
    [Proves("O-34")]
    public void P9_What_nobody_signed_is_reported_and_never_confirmed()
    {
        FleetDevice unsigned = EngineWorld.Device("ddi") with { Evidence = Evidence.Unsigned };
        EngineWorld without = new(EngineWorld.PlanOf(new StagePlan("all", null)), [EngineWorld.Device("pump"), unsigned]);
        Assert.That(without.Started().State.Members.Keys.Single().ToString(), Is.EqualTo("pump"), "a plan has to accept it by name");

        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("all", null)) with { AcceptsReported = true }, [EngineWorld.Device("pump"), unsigned]);
        Member[] members = [.. world.Started().AllAsk().Granted];
        world.Claim(members[0], ReportState.Confirmed).Judge();
        Assert.That((world.Stage.Both.Confirmed, world.Stage.Unsigned.Reported, world.State.Status), Is.EqualTo((0, 1, RolloutStatus.Running)), "neither counts for the other");
        world.Claim(members[1], ReportState.Confirmed).Judge();
        Assert.That(world.Stage.Signed.Settled, Is.Zero, "a device that signs is not spoken for without its key");
        world.Say(members[1], ReportState.Confirmed).Judge();
        Assert.That(world.State.Status, Is.EqualTo(RolloutStatus.Completed));
    }
}
