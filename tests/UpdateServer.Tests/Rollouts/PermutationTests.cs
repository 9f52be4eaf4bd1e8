using FsCheck;
using FsCheck.Fluent;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Rollouts.Simulation;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Rollouts;

/// <summary>What is reported between two evaluations amounts to the same, in whatever order and however often it comes.</summary>
public sealed class PermutationTests
{
    private const int DeviceCount = 12;

    private const ulong Seed = 20260302, Gamma = 77;

    private static readonly ReportState[] s_endings = [ReportState.Installing, ReportState.Confirmed, ReportState.Confirmed, ReportState.Failed, ReportState.RolledBack];

    private static readonly RolloutPlan s_plan = EngineWorld.PlanOf(
        new StagePlan("canary", 6) { MinimumSample = 3, SuccessPercent = 60, AbortAfterFailures = 3, AbortAbovePercent = 50 },
        new StagePlan("rest", null)) with
    {
        AbortAfterFailures = 4,
        AcceptsReported = true,
        Retries = System.Collections.Immutable.ImmutableSortedDictionary<RejectionReason, int>.Empty.Add(RejectionReason.StorageFailed, 1),
    };

    [Test]
    [Proves("O-43")]
    public void A46_Reports_permuted_or_repeated_within_one_evaluation_give_equal_counters_and_verdict()
    {
        // Every second device signs; signatures are made once.
        FleetDevice[] fleet = [.. Enumerable.Range(1, DeviceCount).Select(static i => EngineWorld.Device($"pump-{i}") with { Evidence = (Evidence)(i % 2) })];
        EngineWorld world = new(s_plan, fleet);
        world.Started().AllAsk();
        RolloutState granted = world.State;
        Member[] members = [.. world.Granted];
        Dictionary<(int, ReportState), RolloutEvent> said = [];
        for (int i = 0; i < members.Length; i++)
        {
            foreach (ReportState state in (ReportState[])[ReportState.Deferred, ReportState.Installing, ReportState.Activated, ReportState.Confirmed, ReportState.Failed, ReportState.RolledBack])
            {
                DeviceReport report = world.ReportOf(members[i], state, state == ReportState.Failed && i % 3 == 0 ? RejectionReason.StorageFailed : RejectionReason.None, null);
                said[(i, state)] = members[i].Evidence == Evidence.Signed
                    ? new RolloutEvent.Reported(world.Now, members[i].Device, report.Verified())
                    : new RolloutEvent.Claimed(world.Now, members[i].Device, report);
            }
        }

        Gen<(int[] Courses, int Order)> courses = Gen.Choose(0, (2 * s_endings.Length) - 1).ArrayOf(2 * members.Length).Zip(Gen.Choose(0, int.MaxValue));
        HashSet<(RolloutStatus, int, StageTally)> outcomes = [];
        Prop.ForAll(courses.ToArbitrary(), c =>
        {
            // Each device goes from a deferral or not to one ending or to none yet; every third says two things, which may contradict each other.
            RolloutEvent[] inOrder = [.. c.Courses.Where((_, i) => i < members.Length || i % 3 == 0).SelectMany((course, i) => CourseOf(course).Select(state => said[(i % members.Length, state)]))];
            SeededChance chance = new((ulong)c.Order);
            RolloutEvent[] shuffled = [.. inOrder.Concat(inOrder.Where(_ => chance.Happens(0.5))).OrderBy(_ => chance.Next())];
            RolloutState one = After(granted, inOrder, fleet), other = After(granted, shuffled, fleet);
            outcomes.Add((one.Status, one.Stage, one.All));
            return one.All == other.All && one.Tallies.SequenceEqual(other.Tallies) && (one.Status, one.Stage, one.Reason, one.GoodSince) == (other.Status, other.Stage, other.Reason, other.GoodSince);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500).WithReplay(Seed, Gamma));
        TestContext.Out.WriteLine($"rollout-permutations: seed {Seed},{Gamma}, {outcomes.Count} different outcomes");
        Assert.That(outcomes.Select(static o => (o.Item1, o.Item2)).Distinct().Count(), Is.EqualTo(3), "it stays, goes on and aborts");
    }

    // Of two endings the worse one counts: a failure for good, a failure that is tried again, a confirmation.
    [TestCase(ReportState.Confirmed, RejectionReason.None, ReportState.Failed, RejectionReason.HealthCheckFailed, "Failed")]
    [TestCase(ReportState.Failed, RejectionReason.StorageFailed, ReportState.Failed, RejectionReason.HealthCheckFailed, "Failed")]
    [TestCase(ReportState.Failed, RejectionReason.StorageFailed, ReportState.Confirmed, RejectionReason.None, "Waiting")]
    [Proves("O-43")]
    public void A46_Of_two_endings_that_one_device_reports_within_one_evaluation_the_worse_counts_in_either_order(
        ReportState one, RejectionReason oneWhy, ReportState other, RejectionReason otherWhy, string wanted)
    {
        foreach (bool inOrder in (bool[])[true, false])
        {
            EngineWorld world = new(s_plan with { Stages = [new StagePlan("all", null)] }, [EngineWorld.Device("pump-1"), EngineWorld.Device("pump-2")]);
            Member member = world.Started().AllAsk().Granted.First();
            (ReportState, RejectionReason)[] said = [(one, oneWhy), (other, otherWhy)];
            foreach ((ReportState state, RejectionReason why) in inOrder ? said : said.Reverse())
            {
                world.Say(member, state, why);
            }

            Assert.That(world.Judge().State.Members[member.Device].Status.ToString(), Is.EqualTo(wanted));
            PromiseKeeper.Recount(world.State);
            world.Say(member, ReportState.Failed, RejectionReason.HealthCheckFailed).Judge();
            Assert.That(world.State.Members[member.Device].Status.ToString(), Is.EqualTo(wanted), "what was judged is judged");
        }
    }

    [Test]
    [Proves("O-23", "O-43")]
    public void A46_What_is_said_of_a_grant_before_the_last_one_does_not_count_also_when_nothing_was_judged_in_between()
    {
        EngineWorld world = new(s_plan with { Stages = [new StagePlan("all", null)] }, [EngineWorld.Device("pump-1"), EngineWorld.Device("pump-2")]);
        Member member = world.Started().AllAsk().Granted.First();
        world.Say(member, ReportState.Failed, RejectionReason.StorageFailed).At(world.Now.AddMinutes(1)).AllAsk().Say(member, ReportState.Failed, RejectionReason.HealthCheckFailed);
        Assert.That((world.State.Members[member.Device].Status, world.State.Members[member.Device].Serial), Is.EqualTo((MemberStatus.Granted, 1)));
    }

    private static IEnumerable<ReportState> CourseOf(int course)
    {
        if (course >= s_endings.Length)
        {
            yield return ReportState.Deferred;
        }

        yield return ReportState.Installing;
        if (s_endings[course % s_endings.Length] is var ending && ending != ReportState.Installing)
        {
            yield return ReportState.Activated;
            yield return ending;
        }
    }

    private static RolloutState After(RolloutState state, RolloutEvent[] events, FleetDevice[] fleet)
    {
        ListFleet devices = new(fleet);
        foreach (RolloutEvent happened in events)
        {
            state = RolloutEngine.Apply(state, happened, devices).State;
        }

        return RolloutEngine.Apply(state, new RolloutEvent.Evaluated(events[0].Now), devices).State;
    }
}
