using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Tests.Rollouts;

/// <summary>Releases on the way: which one a device is asked for, and what its answer comes to.</summary>
public sealed class WayTests
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    private static readonly PlannedRelease s_way = new(ReleaseVersion.Parse("1.5.0"), "infusion-pump/1.5.0/manifest.suit", Sha256Digest.Of("1.5.0"u8), new SecurityVersion(2));

    [Test]
    [Proves("O-24")]
    public void A_device_below_a_release_on_the_way_gets_that_one_first()
    {
        FleetDevice old = EngineWorld.Device("old"), newer = EngineWorld.Device("newer") with { Version = s_way.Version }, unknown = EngineWorld.Device("unknown") with { Version = null };
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("all", null)) with { PassThrough = [s_way] }, [old, newer, unknown]);
        Member[] members = [.. world.Started().AllAsk().Granted];
        Assert.That(members.Select(m => AssignedRelease.Of(world.State, m).Release.Version.ToString()), Is.EqualTo(new[] { "2.0.0", "1.5.0" }), "nothing for a version that is not known");

        world.Say(members[1], ReportState.Confirmed, manifest: s_way.ManifestDigest).Judge();
        Assert.That((world.Stage.Signed.Confirmed, world.Stage.Signed.Waiting), Is.EqualTo((0, 2)), "it is not there yet");
        world.Fleet = [old with { Version = s_way.Version }, newer];
        AssignedRelease next = AssignedRelease.Of(world.State, world.Pass(s_minute).AllAsk().Granted.Last());
        Assert.That((next.Deployment, next.Release.Version.ToString()), Is.EqualTo(("r1-old~2", "2.0.0")));
    }

    [Test]
    [Proves("O-24")]
    public void P9_Confirming_the_last_release_where_one_on_the_way_was_asked_for_is_a_failure()
    {
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("all", null)) with { PassThrough = [s_way] }, [EngineWorld.Device("old")]);
        world.Started().AllAsk().AllConfirm();
        Assert.That(world.Stage.Signed.Failed, Is.EqualTo(1));
    }

    [Test]
    [Proves("O-24")]
    public void A_device_goes_by_every_release_on_the_way_in_their_order()
    {
        PlannedRelease second = s_way with { Version = ReleaseVersion.Parse("1.6.0"), ManifestDigest = Sha256Digest.Of("1.6.0"u8) };
        FleetDevice device = EngineWorld.Device("old");
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("all", null)) with { PassThrough = [s_way, second] }, [device]);
        world.Started();
        List<string> asked = [];
        foreach (PlannedRelease next in (PlannedRelease[])[s_way, second, world.State.Plan.Release])
        {
            asked.Add(AssignedRelease.Of(world.State, world.AllAsk().Granted.Single()).Release.Version.ToString());
            world.Say(world.Granted.Single(), ReportState.Confirmed, manifest: next.ManifestDigest).Judge().Pass(s_minute);
            world.Fleet = [device with { Version = next.Version }];
        }

        Assert.That(asked, Is.EqualTo(new[] { "1.5.0", "1.6.0", "2.0.0" }));
        Assert.That(world.State.Status, Is.EqualTo(RolloutStatus.Completed));
    }

    [Test]
    [Proves("O-24")]
    public void P9_A_device_that_confirms_a_release_on_the_way_and_still_says_that_it_runs_an_older_one_has_failed()
    {
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("all", null)) with { PassThrough = [s_way] }, [EngineWorld.Device("old")]);
        world.Started().AllAsk();
        world.Say(world.Granted.Single(), ReportState.Confirmed, manifest: s_way.ManifestDigest).Judge().Pass(s_minute).AllAsk();
        Assert.That((world.Granted.Any(), world.Stage.Signed.Failed), Is.EqualTo((false, 1)));
    }

    [Test]
    [Proves("O-28")]
    public void P4_A_release_on_the_way_that_is_below_the_devices_floor_is_not_asked_for()
    {
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("all", null)) with { PassThrough = [s_way] }, [EngineWorld.Device("floor-3") with { Floor = new SecurityVersion(3) }, EngineWorld.Device("floor-2") with { Floor = new SecurityVersion(2) }]);
        Assert.That(world.Started().AllAsk().Granted.Single().Device.ToString(), Is.EqualTo("floor-2"));
        Assert.That(world.Stage.Signed.Waiting, Is.EqualTo(1));
    }

    [Test]
    [Proves("O-28")]
    public void P4_A_member_whose_floor_has_risen_above_the_release_since_it_was_chosen_is_not_asked()
    {
        EngineWorld world = new(2, new StagePlan("all", null));
        world.Started();
        world.Fleet = [world.Fleet[0] with { Floor = new SecurityVersion(9) }, world.Fleet[1]];
        Assert.That(world.AllAsk().Granted.Single().Device.ToString(), Is.EqualTo("pump-2"));
        Assert.That(world.Stage.Signed.Waiting, Is.EqualTo(1));
    }
}
