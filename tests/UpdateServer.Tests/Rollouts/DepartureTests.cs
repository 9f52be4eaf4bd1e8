using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Tests.Rollouts;

/// <summary>Members that an administrator shuts out by name: nobody waits for them, and nothing that they did is undone.</summary>
public sealed class DepartureTests
{
    private const ulong Seed = 20260414, Gamma = 91;

    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    [Test]
    [Proves("O-29")]
    public void A_device_that_is_shut_out_is_drawn_for_no_stage_and_joins_none()
    {
        EngineWorld world = new(4, new StagePlan("half", null) { Percent = 50 }, new StagePlan("rest", null));
        DeviceId[] names = [.. world.Fleet.Select(static d => d.Device)];
        world.ShutOut(names[0]).ShutOut(names[1]).Started();
        Assert.That(world.State.Members.Keys, Is.SubsetOf(names[2..]).And.Exactly(1).Items, "half of the two that can come");
        world.AllAsk().AllConfirm().Judge().AllAsk().Happen(new RolloutEvent.Asked(world.Now, world.Fleet[0]));
        Assert.That(world.State.Members.Keys, Is.EquivalentTo(names[2..]));
    }

    [Test]
    [Proves("O-29")]
    public void A_member_that_is_shut_out_before_it_was_asked_is_not_waited_for()
    {
        EngineWorld world = new(3, new StagePlan("all", 3) { Cap = 2 }, new StagePlan("rest", null));
        world.Started().AllAsk();
        Member waiting = world.State.Members.Values.Single(static m => m.Status == MemberStatus.Waiting);
        world.ShutOut(waiting.Device).AllConfirm().Judge();
        RolloutDecision left = world.Decisions.Single(static d => d.Kind == DecisionKind.DevicesLeft);
        Assert.That((left.By, left.Why), Is.EqualTo((RolloutEngine.Name, "1 devices were let go, 0 of them with a grant, as neither success nor failure: an administrator shut them out")));
        Assert.That((left.Figures.Stage.Both.Members, left.Figures.Stage.Both.Confirmed), Is.EqualTo((2, 2)));
        Assert.That(world.State.Status, Is.EqualTo(RolloutStatus.Completed), "all who can come have confirmed");
    }

    [Test]
    [Proves("O-29")]
    public void A_grant_of_a_member_that_is_shut_out_is_free_for_another_and_is_neither_success_nor_failure()
    {
        EngineWorld world = new(3, new StagePlan("all", null) { Cap = 1 });
        Member held = world.Started().AllAsk().Granted.Single();
        world.Say(held, ReportState.Installing).ShutOut(held.Device).Judge();
        Assert.That((world.State.Members[held.Device].Status, world.Stage.Both), Is.EqualTo((MemberStatus.Left, default(Tally) with { Waiting = 2, Left = 1 })));
        Assert.That(world.Decisions[^1].Why, Does.StartWith("1 devices were let go, 1 of them with a grant"));
        Assert.That(world.AllAsk().Granted.Single().Device, Is.Not.EqualTo(held.Device));
        world.Say(held, ReportState.Failed, RejectionReason.HealthCheckFailed).Judge();
        Assert.That((world.State.Members[held.Device].Status, world.Stage.Both.Failed), Is.EqualTo((MemberStatus.Left, 0)), "what it says of its grant afterwards is nobody's");
    }

    [Test]
    [Proves("O-29")]
    public void A_device_that_was_shut_out_between_its_request_and_its_answer_is_granted_nothing()
    {
        EngineWorld world = new(2, new StagePlan("all", null));
        FleetDevice asking = world.Started().Fleet[0];
        world.Happen(new RolloutEvent.Asked(world.Now, asking with { IsShutOut = true }));
        Assert.That(world.Granted, Is.Empty);
    }

    [Test]
    [Proves("O-29", "O-40")]
    public void A_failure_stays_one_whoever_is_shut_out_after_it_and_aborts()
    {
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("all", null)) with { AbortAfterFailures = 2 }, new EngineWorld(4).Fleet);
        Member[] members = [.. world.Started().AllAsk().Granted];
        world.Say(members[0], ReportState.Failed, RejectionReason.HealthCheckFailed).Judge().ShutOut(members[0].Device).Judge();
        Assert.That((world.State.Status, world.Stage.Both.Failed), Is.EqualTo((RolloutStatus.Running, 1)));

        // Reported, and not judged yet when it is shut out.
        world.Say(members[1], ReportState.Failed, RejectionReason.HealthCheckFailed).ShutOut(members[1].Device).Judge();
        Assert.That((world.State.Status, world.Stage.Both.Failed), Is.EqualTo((RolloutStatus.Aborted, 2)));
        Assert.That(world.Decisions.Select(static d => d.Kind), Has.None.EqualTo(DecisionKind.DevicesLeft));
    }

    [Test]
    [Proves("O-29", "O-50")]
    public void Silence_that_was_over_its_time_is_a_failure_though_the_device_is_shut_out_then()
    {
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("all", null)) with { Timeout = 3 * s_minute }, new EngineWorld(2).Fleet);
        Member member = world.Started().AllAsk().Granted.First();
        world.Pass(3 * s_minute).ShutOut(member.Device).Judge();
        Assert.That(world.State.Members[member.Device].Status, Is.EqualTo(MemberStatus.Failed));
        Assert.That(world.State.Deadlines, Is.Empty);
    }

    [Test]
    [Proves("O-29")]
    public void A_device_that_is_let_in_again_is_drawn_by_a_later_stage_under_a_grant_of_another_name()
    {
        EngineWorld world = new(2, new StagePlan("canary", 1), new StagePlan("rest", null));
        Member canary = world.Started().AllAsk().Granted.Single();
        world.ShutOut(canary.Device).Judge();
        Assert.That((world.State.Stage, world.State.Status), Is.EqualTo((0, RolloutStatus.Running)), "a canary of nobody has shown nothing");
        Assert.That((world.Decisions[^1].Kind, world.Decisions[^1].Why), Is.EqualTo((
            DecisionKind.Stalled,
            "all 0 members of stage canary have come to an end, 0 of them failed, and it is not good: of 1 members 1 were let go, and the 0 that have come to an end are fewer than its sample of 1")));

        world = new EngineWorld(3, new StagePlan("canary", 2) { MinimumSample = 1 }, new StagePlan("rest", null));
        Member[] canaries = [.. world.Started().AllAsk().Granted];
        world.ShutOut(canaries[0].Device).Judge().ShutOut(canaries[0].Device, isShutOut: false).Say(canaries[1], ReportState.Confirmed).Judge();
        Member again = world.State.Members[canaries[0].Device];
        Assert.That((world.State.Stage, again.Stage, again.Status, again.Serial), Is.EqualTo((1, 1, MemberStatus.Waiting, 1)));
        world.At(world.Now + s_minute).AllAsk();
        Assert.That(world.State.HoldsGrant(again.Device));
        world.Say(canaries[0], ReportState.Failed, RejectionReason.HealthCheckFailed).Judge();
        Assert.That(world.State.HoldsGrant(again.Device), "that was said of the grant before");
        PromiseKeeper.Recount(world.State);
        world.AllConfirm().Judge();
        Assert.That((world.State.Status, world.State.All.Both.Confirmed), Is.EqualTo((RolloutStatus.Completed, 3)));
    }

    [TestCase(true, 0, "all 1 members of stage canary have come to an end, 0 of them failed, and it is not good: of 5 members 4 were let go, and the 1 that have come to an end are fewer than its sample of 3")]
    [TestCase(false, 1, null)]
    [Proves("O-29", "O-31", "O-36")]
    public void P9_Members_that_are_let_go_make_no_minimum_sample_smaller_that_the_plan_names(bool isNamed, int stage, string? stalled)
    {
        EngineWorld world = new(9, new StagePlan("canary", 5) { MinimumSample = isNamed ? 3 : null }, new StagePlan("rest", null));
        Member[] canaries = [.. world.Started().AllAsk().Granted];
        foreach (Member member in canaries[1..])
        {
            world.ShutOut(member.Device).Judge().ShutOut(member.Device, isShutOut: false);
        }

        world.Say(canaries[0], ReportState.Confirmed).Judge().Pass(TimeSpan.FromHours(1)).Judge();
        Assert.That((world.State.Stage, world.State.Status), Is.EqualTo((stage, RolloutStatus.Running)));
        Assert.That(world.Decisions.SingleOrDefault(static d => d.Kind == DecisionKind.Stalled)?.Why, Is.EqualTo(stalled));
    }

    [Test]
    [Proves("O-29", "O-31")]
    public void P9_A_stage_that_was_smaller_than_its_minimum_sample_when_it_took_its_members_wants_as_many_as_it_took()
    {
        EngineWorld world = new(6, new StagePlan("canary", 4) { MinimumSample = 2 }, new StagePlan("rest", null) { MinimumSample = 5 });
        world.Started().AllAsk().AllConfirm().Judge().AllAsk();
        Member[] rest = [.. world.Granted];
        Assert.That(rest, Has.Length.EqualTo(2));
        world.Say(rest[0], ReportState.Confirmed).ShutOut(rest[1].Device).Judge();
        Assert.That(world.State.Status, Is.EqualTo(RolloutStatus.Running), "of two one was let go");

        // Let in again it joins the stage, and makes up for itself.
        world.ShutOut(rest[1].Device, isShutOut: false).At(world.Now + s_minute).AllAsk().AllConfirm().Judge();
        Assert.That(world.State.Status, Is.EqualTo(RolloutStatus.Completed));
    }

    [TestCase(true)]
    [TestCase(false)]
    [Proves("O-29", "O-31", "O-34")]
    public void P9_Members_that_sign_and_were_let_go_are_not_made_up_for_by_those_that_do_not(bool signing)
    {
        FleetDevice[] fleet = [.. new EngineWorld(4).Fleet.Select(static (d, i) => d with { Evidence = i < 2 ? Evidence.Signed : Evidence.Unsigned })];
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("canary", 4)) with { AcceptsReported = true }, fleet);
        Member[] members = [.. world.Started().AllAsk().Granted];
        foreach (Member member in members)
        {
            _ = member.Evidence == Evidence.Signed == signing ? world.ShutOut(member.Device)
                : signing ? world.Claim(member, ReportState.Confirmed)
                : world.Say(member, ReportState.Confirmed);
        }

        world.Judge();
        Assert.That(world.State.Status, Is.EqualTo(signing ? RolloutStatus.Running : RolloutStatus.Completed));
        if (signing)
        {
            Assert.That(
                world.Decisions[^1].Why,
                Is.EqualTo("all 2 members of stage canary have come to an end, 0 of them failed, and it is not good: of 2 members that sign 2 were let go, and the 0 that have come to an end are fewer than its sample of 1"));
        }
    }

    [Test]
    [Proves("U-53")]
    public void A53_The_name_that_a_grant_would_have_is_no_deployment_that_was_made()
    {
        EngineWorld world = new(2, new StagePlan("all", null) { Cap = 1 });
        world.Started().AllAsk();
        Assert.That(world.State.Members.Values.Select(m => (m.Status, world.State.Made(world.State.Plan.DeploymentOf(m.Device, 0), m.Device))), Is.EquivalentTo(new[] { (MemberStatus.Granted, true), (MemberStatus.Waiting, false) }));
    }

    [Test]
    [Proves("O-31", "O-34")]
    public void P9_A_kind_that_is_smaller_than_the_sample_is_waited_for_as_far_as_it_can_come_and_stops_nothing()
    {
        FleetDevice[] fleet = [.. new EngineWorld(6).Fleet.Select(static (d, i) => d with { Evidence = i < 4 ? Evidence.Signed : Evidence.Unsigned })];
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("canary", 6) { MinimumSample = 3 }) with { AcceptsReported = true }, fleet);
        Member[] members = [.. world.Started().AllAsk().Granted], unsigned = [.. members.Where(static m => m.Evidence == Evidence.Unsigned)];
        world.ShutOut(unsigned[0].Device);
        foreach (Member member in members.Where(static m => m.Evidence == Evidence.Signed))
        {
            world.Say(member, ReportState.Confirmed);
        }

        Assert.That(world.Judge().State.Status, Is.EqualTo(RolloutStatus.Running), "one of those that sign nothing can come");
        Assert.That(world.Claim(unsigned[1], ReportState.Confirmed).Judge().State.Status, Is.EqualTo(RolloutStatus.Completed));
    }

    [Test]
    [Proves("O-18", "O-29")]
    public void A_device_that_is_let_in_again_joins_the_stage_that_takes_newcomers()
    {
        EngineWorld world = new(3, new StagePlan("rest", null));
        Member member = world.Started().AllAsk().Granted.First();
        world.ShutOut(member.Device).Judge().ShutOut(member.Device, isShutOut: false).Judge();
        Assert.That(world.State.Members[member.Device].Status, Is.EqualTo(MemberStatus.Left));
        world.At(world.Now + s_minute).AllAsk();
        Assert.That((world.State.Members[member.Device].Status, world.State.Members[member.Device].Serial), Is.EqualTo((MemberStatus.Granted, 1)));
        PromiseKeeper.Recount(world.State);
    }

    [Test]
    [Proves("O-20", "O-29", "O-43")]
    public void Whoever_is_shut_out_and_let_in_caps_hold_counts_are_right_and_failures_stay()
    {
        RolloutPlan plan = EngineWorld.PlanOf(new StagePlan("canary", 5) { Cap = 2, MinimumSample = 2 }, new StagePlan("rest", null) { Cap = 3 }) with
        {
            Timeout = 20 * s_minute,
            Retries = ImmutableSortedDictionary<RejectionReason, int>.Empty.Add(RejectionReason.StorageFailed, 1),
        };
        HashSet<(RolloutStatus, int)> ends = [];
        int left = 0;
        Prop.ForAll(Gen.Choose(0, 1199).ArrayOf(120).ToArbitrary(), choices =>
        {
            EngineWorld world = new(plan, new EngineWorld(12).Fleet);
            world.Started();
            foreach (int choice in choices)
            {
                int before = world.State.All.Both.Failed;
                Step(world, choice / 12, world.Fleet[choice % 12]);
                if (world.State.All.Both.InFlight > plan.Stages[world.State.Stage].Cap || world.State.All.Both.Failed < before)
                {
                    return false;
                }
            }

            PromiseKeeper.Recount(world.State);
            if (world.Decisions.Exists(static d => d is { Kind: DecisionKind.StageBegun, Stage: 1 } && d.Figures.Stage.Both.Settled < 2))
            {
                return false;
            }

            ends.Add((world.State.Status, world.State.Stage));
            left += world.Decisions.Count(static d => d.Kind == DecisionKind.DevicesLeft);
            world.Judge();
            return !world.State.IsActive || world.State.Members.Values.All(m => !world.Fleet.Single(d => d.Device.Equals(m.Device)).IsShutOut || m.Status is MemberStatus.Left or MemberStatus.Failed or MemberStatus.Confirmed);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(Seed, Gamma));
        TestContext.Out.WriteLine($"rollout-departures: seed {Seed},{Gamma}, {ends.Count} different ends, {left} departures");
        Assert.That(ends, Has.Count.GreaterThan(1));
        Assert.That(left, Is.GreaterThan(100));
    }

    private static void Step(EngineWorld world, int what, FleetDevice device)
    {
        switch (what)
        {
            case < 30 when !device.IsShutOut:
                world.Happen(new RolloutEvent.Asked(world.Now, device));
                break;
            case < 60 when !device.IsShutOut && world.State.Members.GetValueOrDefault(device.Device) is { HoldsGrant: true } member:
                world.Say(member, what < 50 ? ReportState.Confirmed : ReportState.Failed, what < 55 ? RejectionReason.StorageFailed : RejectionReason.HealthCheckFailed);
                break;
            case >= 60 and < 72:
                world.ShutOut(device.Device, !device.IsShutOut);
                break;
            case >= 72 and < 90:
                world.At(world.Now + (2 * s_minute)).Judge();
                break;
            default:
                world.Judge();
                break;
        }
    }
}
