using System.Collections.Immutable;
using System.Text;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Rollouts.Simulation;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Storage.Sqlite;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Rollouts;

/// <summary>Facts that should hold and do not yet: findings of a review, one test each.</summary>
public sealed class ReviewTests
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    private static readonly PlannedRelease s_way = new(ReleaseVersion.Parse("1.5.0"), "infusion-pump/1.5.0/manifest.suit", Sha256Digest.Of("1.5.0"u8), new SecurityVersion(2));

    // O-43 has no exception for a device that says two things of one grant.
    [TestCase(ReportState.Confirmed, RejectionReason.None, ReportState.Failed, RejectionReason.HealthCheckFailed)]
    [TestCase(ReportState.Failed, RejectionReason.StorageFailed, ReportState.Failed, RejectionReason.HealthCheckFailed)]
    [TestCase(ReportState.Failed, RejectionReason.StorageFailed, ReportState.Confirmed, RejectionReason.None)]
    public void A46_Two_endings_that_one_device_reports_within_one_evaluation_count_the_same_in_either_order(ReportState one, RejectionReason oneWhy, ReportState other, RejectionReason otherWhy)
    {
        RolloutPlan plan = EngineWorld.PlanOf(new StagePlan("all", null) { MinimumSample = 1, Soak = TimeSpan.FromHours(1) }) with
        {
            Retries = ImmutableSortedDictionary<RejectionReason, int>.Empty.Add(RejectionReason.StorageFailed, 1),
        };
        StageTally[] tallies = [.. ((bool[])[true, false]).Select(inOrder =>
        {
            EngineWorld world = new(plan, [EngineWorld.Device("pump-1"), EngineWorld.Device("pump-2")]);
            Member member = world.Started().AllAsk().Granted.First();
            RolloutEvent[] said =
            [
                new RolloutEvent.Reported(world.Now, member.Device, world.ReportOf(member, one, oneWhy, null).Verified()),
                new RolloutEvent.Reported(world.Now, member.Device, world.ReportOf(member, other, otherWhy, null).Verified()),
            ];
            foreach (RolloutEvent happened in inOrder ? said : said.Reverse())
            {
                world.Happen(happened);
            }

            return world.Judge().Stage;
        })];
        Assert.That(tallies[1], Is.EqualTo(tallies[0]));
    }

    [Test]
    public void Grants_of_a_release_on_the_way_come_to_an_end_for_a_device_that_confirms_it_and_still_reports_its_old_version()
    {
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("all", null)) with { PassThrough = [s_way] }, [EngineWorld.Device("old")]);
        world.Started();
        int grants = 0;
        for (int i = 0; i < 50 && world.AllAsk().Granted.Any(); i++)
        {
            grants++;
            world.Say(world.Granted.Single(), ReportState.Confirmed, manifest: s_way.ManifestDigest).Judge().Pass(s_minute);
        }

        Assert.That(grants, Is.LessThan(12), "more often than any retries allow");
    }

    [Test]
    public void P4_A_release_on_the_way_that_is_below_the_devices_floor_is_not_asked_for()
    {
        FleetDevice device = EngineWorld.Device("floor-3") with { Floor = new SecurityVersion(3) };
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("all", null)) with { PassThrough = [s_way] }, [device]);
        world.Started().AllAsk();
        Assert.That(world.Granted.Select(m => AssignedRelease.Of(world.State, m).Release.SecurityVersion), Has.All.GreaterThanOrEqualTo(device.Floor));
    }

    [Test]
    public void P4_A_member_whose_floor_has_risen_above_the_release_since_it_was_chosen_is_not_asked()
    {
        EngineWorld world = new(2, new StagePlan("all", null));
        world.Started();
        world.Fleet = [world.Fleet[0] with { Floor = new SecurityVersion(9) }, world.Fleet[1]];
        Assert.That(world.AllAsk().Granted.Count(), Is.EqualTo(1));
    }

    [Test]
    public void Window_is_that_of_the_true_time_after_the_servers_clock_was_ahead_for_a_moment()
    {
        MaintenanceWindows night = new([new MaintenanceWindow([.. Enum.GetValues<DayOfWeek>()], new TimeOnly(22, 0), new TimeOnly(23, 0))]) { DefaultZone = TimeZoneInfo.Utc };
        EngineWorld world = new(EngineWorld.PlanOf(new StagePlan("all", null)) with { Windows = night }, [EngineWorld.Device("pump-1"), EngineWorld.Device("pump-2")]);
        world.Started().Pass(TimeSpan.FromHours(10.5));
        world.Happen(new RolloutEvent.Asked(world.Now, world.Fleet[0]));
        world.Pass(TimeSpan.FromHours(-10));
        world.Happen(new RolloutEvent.Asked(world.Now, world.Fleet[1]));
        Assert.That(world.State.Members[world.Fleet[1].Device].HoldsGrant, Is.False, "it is half past twelve, and the window opens at ten in the evening");
    }

    [TestCase("\"filter\": {}, ")]
    [TestCase("\"filter\": {\"tags\": []}, ")]
    [TestCase("\"filter\": {\"sites\": [], \"hardware\": []}, ")]
    public void Digest_is_that_of_the_plan_without_a_filter_that_asks_for_nothing(string filter)
    {
        const string plain = """{"product": "infusion-pump", "version": "2.0.0", "stages": [{"name": "all"}], "abort_after_failures": 1}""";
        string with = plain.Replace("\"stages\"", $"{filter}\"stages\"", StringComparison.Ordinal);
        Assert.That(Encoding.UTF8.GetString(PlanDocument.Canonical(Read(with))), Is.EqualTo(Encoding.UTF8.GetString(PlanDocument.Canonical(Read(plain)))));
    }

    [TestCase("""{"version_from": "2.0.0", "version_below": "1.0.0"}""")]
    [TestCase("""{"version_from": "1.0.0", "version_below": "1.0.0"}""")]
    [TestCase("""{"floor_from": 5, "floor_below": 5}""")]
    public void P10_Filter_that_contradicts_itself_is_refused(string filter)
    {
        string plan = $$"""{"product": "infusion-pump", "version": "2.0.0", "stages": [{"name": "all", "filter": {{filter}}}], "abort_after_failures": 1}""";
        Assert.That(() => Read(plan), Throws.TypeOf<RejectedException>());
    }

    [TestCase("localtime")]
    [TestCase("posixrules")]
    [TestCase("Factory")]
    [TestCase("right/Europe/Zurich")]
    public void P10_Time_zone_that_is_no_place_of_the_IANA_database_is_refused(string name) => Assert.That(() => PlanReader.ZoneOf(name, "test"), Throws.TypeOf<RejectedException>());

    // Accepted by the server before version 6 of the database: names were not looked at for control characters, counts had no upper end.
    [TestCase("all\tof them", null)]
    [TestCase("all", 999_999_999)]
    public void A48_Rollout_that_an_older_server_took_can_be_read_again_after_this_one_has_stored_it(string name, int? count)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("fota-review-");
        try
        {
            SqliteFleetStore store = new(new SqliteDatabase(Path.Combine(folder.FullName, "server.db")));
            store.Save(new FleetChange(null, null, [new RolloutStep(RolloutState.Draft(EngineWorld.PlanOf(new StagePlan(name, count))), [])]));
            Assert.That(() => store.Load(), Throws.Nothing);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Test]
    public void Abort_by_the_threshold_of_an_earlier_stage_is_kept_with_the_figures_of_that_stage()
    {
        EngineWorld world = new(10, new StagePlan("canary", 3) { AbortAfterFailures = 1, MinimumSample = 1 }, new StagePlan("rest", null));
        Member[] canaries = [.. world.Started().AllAsk().Granted];
        world.Say(canaries[0], ReportState.Confirmed).Judge().Say(canaries[1], ReportState.Failed).Judge();
        RolloutDecision abort = world.Decisions[^1];
        Assert.That((abort.Kind, abort.Stage, abort.Figures.Stage.Signed.Failed), Is.EqualTo((DecisionKind.Aborted, 0, 1)));
    }

    [TestCase("""{"version_from": "1.0.0"}""")]
    [TestCase("""{"floor_from": 2}""")]
    public void Plan_whose_stages_ask_for_a_version_or_a_floor_can_be_simulated(string filter)
    {
        PlanDocument plan = PlanDocument.Parse(Encoding.UTF8.GetBytes($$"""{"product": "infusion-pump", "version": "2.0.0", "stages": [{"name": "canary", "count": 5, "filter": {{filter}}}, {"name": "rest"}], "abort_after_failures": 50}"""));
        Assert.That(SimulateCommand.Run(plan, 100, new FleetBehaviour(), 7, TimeSpan.FromDays(1), json: false, TextWriter.Null), Is.Zero);
    }

    // What GET /plan gives, and an approver wants to look at, always names it.
    [Test]
    public void Plan_that_names_its_manifest_can_be_simulated()
    {
        PlanDocument plan = new("infusion-pump", "2.0.0", [new StageDocument("all")], 50) { ManifestDigest = EngineWorld.Before.ToString() };
        Assert.That(SimulateCommand.Run(plan, 100, new FleetBehaviour(), 7, TimeSpan.FromDays(1), json: false, TextWriter.Null), Is.Zero);
    }

    [Test]
    public void P10_Production_server_whose_settings_say_nothing_of_approval_demands_it()
    {
        ServerSettings settings = new()
        {
            Layout = DeploymentLayout.Production,
            Listen = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0),
            DataDirectory = "data",
            TrustedRootFile = "root.json",
            DeviceCaFile = "ca.pem",
            CheckIn = s_minute,
            Tls = new TlsSettings { CertificateFile = "tls.pem" },
        };
        Assert.That(settings.RolloutApproval, Is.Not.EqualTo(RolloutApproval.NotRequired));
    }

    private static RolloutPlan Read(string json) => PlanReader.Read(
        PlanDocument.Parse(Encoding.UTF8.GetBytes(json)),
        "r1",
        new byte[RolloutPlan.KeySize],
        static (product, version) => new PlannedRelease(version, $"{product}/{version}/manifest.suit", Sha256Digest.Of(Encoding.UTF8.GetBytes(version.ToString())), new SecurityVersion(1)));
}
