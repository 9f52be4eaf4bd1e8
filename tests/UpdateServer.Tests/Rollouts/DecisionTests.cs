using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Tests.Rollouts;

/// <summary>What decisions name, and the figures that they are kept with.</summary>
public sealed class DecisionTests
{
    [Test]
    [Proves("O-60")]
    public void Decision_to_go_on_names_the_stage_that_begins_and_the_figures_of_the_one_before()
    {
        EngineWorld world = new(10, new StagePlan("canary", 4) { MinimumSample = 3, AbortAfterFailures = 2 }, new StagePlan("rest", null));
        Member[] canaries = [.. world.Started().AllAsk().Granted];
        world.Say(canaries[0], ReportState.Confirmed).Say(canaries[1], ReportState.Confirmed).Say(canaries[2], ReportState.Failed).Judge();
        RolloutDecision advance = world.Decisions[^1];
        Assert.That((advance.Kind, advance.By, advance.Stage, advance.At), Is.EqualTo((DecisionKind.StageBegun, RolloutEngine.Name, 1, world.Now)));
        Assert.That(
            (advance.Figures.Stage.Signed.Confirmed, advance.Figures.Stage.Signed.Failed, advance.Figures.Stage.Both.InFlight, advance.Figures.GoodSince),
            Is.EqualTo((2, 1, 1, (DateTimeOffset?)world.Now)));
        Assert.That(advance.Figures.AllFailures, Is.EqualTo(FailureShare.LowerBound(1, 3)));
    }

    [Test]
    [Proves("O-60")]
    public void Abort_by_the_threshold_of_an_earlier_stage_is_kept_with_the_figures_of_that_stage()
    {
        EngineWorld world = new(10, new StagePlan("canary", 3) { AbortAfterFailures = 1, MinimumSample = 1 }, new StagePlan("rest", null));
        Member[] canaries = [.. world.Started().AllAsk().Granted];
        world.Say(canaries[0], ReportState.Confirmed).Judge().Say(canaries[1], ReportState.Failed).Judge();
        RolloutDecision abort = world.Decisions[^1];
        Assert.That((abort.Kind, abort.Stage, abort.Figures.Stage.Signed.Failed, abort.Figures.Stage.Signed.Members), Is.EqualTo((DecisionKind.Aborted, 0, 1, 3)));
    }

    [Test]
    [Proves("O-36")]
    public void Stage_that_has_come_to_its_end_and_is_not_good_says_so_once()
    {
        EngineWorld world = new(10, new StagePlan("canary", 2) { SuccessPercent = 60 }, new StagePlan("rest", null) { SuccessPercent = 60 });
        Member[] canaries = [.. world.Started().AllAsk().Granted];
        world.Say(canaries[0], ReportState.Confirmed).Judge();
        Assert.That(world.Decisions.Select(static d => d.Kind), Has.None.EqualTo(DecisionKind.Stalled), "one has not come to an end");
        world.Say(canaries[1], ReportState.Failed).Judge().Pass(TimeSpan.FromHours(1)).Judge();
        RolloutDecision stalled = world.Decisions.Single(static d => d.Kind == DecisionKind.Stalled);
        Assert.That((stalled.By, stalled.Stage, stalled.Why), Is.EqualTo((RolloutEngine.Name, 0, "all 2 members of stage canary have come to an end, 1 of them failed, and it is not good")));
        Assert.That(world.State.Status, Is.EqualTo(RolloutStatus.Running));
    }

    [Test]
    [Proves("O-17")]
    public void Completion_says_how_many_were_not_asked_and_how_many_have_not_come_to_an_end()
    {
        EngineWorld world = new(6, new StagePlan("all", null) { MinimumSample = 1 });
        world.Started();
        foreach (FleetDevice device in world.Fleet.Take(3))
        {
            world.Happen(new RolloutEvent.Asked(world.Now, device));
        }

        Member[] asked = [.. world.Granted];
        world.Say(asked[0], ReportState.Installing).Say(asked[1], ReportState.Confirmed).Judge();
        Assert.That((world.Decisions[^1].Kind, world.Decisions[^1].Why), Is.EqualTo((DecisionKind.Completed, "every stage is done; 3 members were not asked, and 2 have not come to an end")));
    }

    [Test]
    [Proves("O-33")]
    public void Stage_that_begins_has_not_been_good_yet()
    {
        EngineWorld world = new(10, new StagePlan("canary", 2), new StagePlan("rest", null) { Soak = TimeSpan.FromHours(1) });
        world.Started().AllAsk().AllConfirm().Judge();
        Assert.That((world.State.Stage, world.State.GoodSince), Is.EqualTo((1, (DateTimeOffset?)null)));
    }
}
