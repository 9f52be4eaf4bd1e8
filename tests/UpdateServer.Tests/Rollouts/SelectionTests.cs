using Fota.Manifest;
using Fota.TestKit;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Tests.Rollouts;

/// <summary>Which devices a stage takes.</summary>
public sealed class SelectionTests
{
    private static readonly string[] s_sites = ["basel", "bern", "chur"];
    private static readonly string[] s_revisions = ["rev-a", "rev-b"];
    private static readonly int[] s_sizes = [50, 5, 1];

    /// <summary>Three sites, two revisions: 50, 5 and 1 devices of each revision.</summary>
    private static FleetDevice[] Sites() => [.. s_sites.SelectMany(static (site, i) => s_revisions.SelectMany(revision =>
        Enumerable.Range(1, s_sizes[i]).Select(n => EngineWorld.Device($"{site}-{revision}-{n}") with { Site = site, Hardware = revision })))];

    [Test]
    [Proves("O-13")]
    public void Every_site_and_hardware_revision_is_in_the_canary()
    {
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("canary", 12) { Strata = Strata.Site | Strata.Hardware }, new StagePlan("rest", null)), Sites());
        world.Started();
        Assert.That(world.State.Members, Has.Count.EqualTo(12));
        Dictionary<string, int> taken = world.State.Members.Keys.GroupBy(static d => d.ToString()[..d.ToString().LastIndexOf('-')], StringComparer.Ordinal).ToDictionary(static g => g.Key, static g => g.Count(), StringComparer.Ordinal);
        Assert.That(taken, Is.EquivalentTo(new Dictionary<string, int>(StringComparer.Ordinal)
        {
            ["basel-rev-a"] = 4,
            ["basel-rev-b"] = 4,
            ["bern-rev-a"] = 1,
            ["bern-rev-b"] = 1,
            ["chur-rev-a"] = 1,
            ["chur-rev-b"] = 1,
        }));
    }

    [TestCase(new[] { 50, 5, 1 }, 3, new[] { 1, 1, 1 })]
    [TestCase(new[] { 50, 5, 1 }, 2, new[] { 1, 1, 0 })]
    [TestCase(new[] { 10, 10, 10 }, 4, new[] { 2, 1, 1 })]
    [TestCase(new[] { 50, 5, 1 }, 56, new[] { 50, 5, 1 })]
    [TestCase(new[] { 50, 5, 1 }, 20, new[] { 17, 2, 1 })]
    [TestCase(new[] { 1, 1 }, 1, new[] { 1, 0 })]
    [Proves("O-13")]
    public void Strata_give_one_each_and_the_rest_by_the_largest_remainder(int[] sizes, int size, int[] wanted) =>
        Assert.That(StageSelection.Shares(sizes, size), Is.EqualTo(wanted));

    [Test]
    [Proves("O-14")]
    public void First_stage_too_small_for_its_strata_does_not_start()
    {
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("canary", 5) { Strata = Strata.Site | Strata.Hardware }), Sites());
        Assert.That(world.Happen(new RolloutEvent.Started(world.Now, "ann")), Is.EqualTo("start: wanted a first stage of at least 6 devices, one of each stratum, got 5"));
        Assert.That(world.State.Status, Is.EqualTo(RolloutStatus.Draft));
    }

    [Test]
    [Proves("O-14")]
    public void First_stage_below_its_minimum_sample_does_not_start()
    {
        EngineWorld world = new(9, new StagePlan("canary", null) { MinimumSample = 10 });
        Assert.That(world.Happen(new RolloutEvent.Started(world.Now, "ann")), Does.StartWith("start: wanted a first stage of at least 10 devices"));
    }

    [TestCase(1, 1)]
    [TestCase(10, 10)]
    [TestCase(33, 33)]
    [TestCase(100, 97)]
    [Proves("O-11")]
    public void Percent_is_of_all_that_the_plan_means_and_is_rounded_up(int percent, int wanted)
    {
        EngineWorld world = new(97, new StagePlan("share", null) { Percent = percent }, new StagePlan("rest", null));
        Assert.That(world.Started().State.Members, Has.Count.EqualTo(wanted));
    }

    [Test]
    [Proves("O-11")]
    public void Percent_of_a_later_stage_is_of_all_as_well()
    {
        EngineWorld world = new(100, new StagePlan("one", null) { Percent = 10 }, new StagePlan("two", null) { Percent = 20 }, new StagePlan("rest", null));
        world.Started().AllAsk().AllConfirm().Judge();
        Assert.That((world.State.Stage, world.Stage.Both.Members), Is.EqualTo((1, 20)));
    }

    [TestCaseSource(nameof(Filters))]
    [Proves("O-10")]
    public void Filter_takes_what_it_says(string what, object filter, string[] wanted)
    {
        FleetDevice[] fleet =
        [
            EngineWorld.Device("a") with { Site = "basel", Hardware = "rev-a", Tags = ["icu", "night"], Floor = new SecurityVersion(1), Version = ReleaseVersion.Parse("1.0.0") },
            EngineWorld.Device("b") with { Site = "bern", Hardware = "rev-b", Tags = ["icu"], Floor = new SecurityVersion(2), Version = ReleaseVersion.Parse("1.5.0") },
            EngineWorld.Device("c") with { Version = null },
        ];
        Assert.That(fleet.Where(((DeviceFilter)filter).Matches).Select(static d => d.Device.ToString()), Is.EqualTo(wanted), what);
    }

    [Test]
    [Proves("O-12")]
    public void Devices_whose_floor_is_above_the_release_are_left_alone()
    {
        EngineWorld world = new(3, new StagePlan("all", null));
        world.Fleet = [world.Fleet[0] with { Floor = new SecurityVersion(4) }, .. world.Fleet.Skip(1)];
        Assert.That(world.Started().State.Members.Keys.Select(static d => d.ToString()), Is.EquivalentTo(new[] { "pump-2", "pump-3" }));
    }

    [Test]
    [Proves("O-17")]
    public void Stage_that_means_nobody_is_passed_and_that_is_noted()
    {
        EngineWorld world = new(4, new StagePlan("canary", 1), new StagePlan("chur", 5) { Filter = new DeviceFilter { Sites = ["chur"] } }, new StagePlan("rest", null));
        world.Started().AllAsk().AllConfirm().Judge();
        Assert.That((world.State.Status, world.State.Stage), Is.EqualTo((RolloutStatus.Running, 2)));
        Assert.That(world.Decisions.Select(static d => d.Kind), Is.EqualTo(new[] { DecisionKind.Started, DecisionKind.StageBegun, DecisionKind.StagePassed, DecisionKind.StageBegun }));
    }

    [Test]
    [Proves("O-18")]
    public void Newcomers_join_the_rest_unless_the_plan_leaves_them()
    {
        foreach (bool takes in (bool[])[true, false])
        {
            EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("all", null)) with { TakesNewcomers = takes, Filter = new DeviceFilter { VersionBelow = ReleaseVersion.Parse("2.0.0") } }, [EngineWorld.Device("pump-1")]);
            world.Started();
            world.Happen(new RolloutEvent.Asked(world.Now, EngineWorld.Device("late")));
            world.Happen(new RolloutEvent.Asked(world.Now, EngineWorld.Device("ahead") with { Version = ReleaseVersion.Parse("3.0.0") }));
            Assert.That(world.Granted.Select(static m => m.Device.ToString()), Is.EqualTo(takes ? ["late"] : Array.Empty<string>()));
        }
    }

    [Test]
    [Proves("O-18")]
    public void Newcomers_join_only_where_the_filter_of_the_last_stage_means_them()
    {
        EngineWorld world = new(
            EngineWorld.PlanOf(new StagePlan("basel", null) { Filter = new DeviceFilter { Sites = ["basel"] } }),
            [EngineWorld.Device("pump-1") with { Site = "basel" }]);
        world.Started();
        world.Happen(new RolloutEvent.Asked(world.Now, EngineWorld.Device("late") with { Site = "basel" }));
        world.Happen(new RolloutEvent.Asked(world.Now, EngineWorld.Device("elsewhere") with { Site = "bern" }));
        Assert.That(world.State.Members.Keys.Select(static d => d.ToString()), Is.EquivalentTo(new[] { "pump-1", "late" }));
    }

    private static IEnumerable<object[]> Filters()
    {
        yield return ["nothing", new DeviceFilter(), (string[])["a", "b", "c"]];
        yield return ["from", new DeviceFilter { VersionFrom = ReleaseVersion.Parse("1.5.0") }, (string[])["b"]];
        yield return ["below", new DeviceFilter { VersionBelow = ReleaseVersion.Parse("1.5.0") }, (string[])["a"]];
        yield return ["one tag", new DeviceFilter { Tags = ["icu"] }, (string[])["a", "b"]];
        yield return ["both tags", new DeviceFilter { Tags = ["icu", "night"] }, (string[])["a"]];
        yield return ["sites", new DeviceFilter { Sites = ["bern", "chur"] }, (string[])["b"]];
        yield return ["hardware", new DeviceFilter { Hardware = ["rev-a"] }, (string[])["a"]];
        yield return ["floor from", new DeviceFilter { FloorFrom = new SecurityVersion(1) }, (string[])["a", "b"]];
        yield return ["floor below", new DeviceFilter { FloorBelow = new SecurityVersion(2) }, (string[])["a", "c"]];
        yield return ["two conditions", new DeviceFilter { Sites = ["basel"], Hardware = ["rev-b"] }, Array.Empty<string>()];
    }
}
