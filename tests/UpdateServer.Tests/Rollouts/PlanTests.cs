using System.Text;
using Fota.Manifest;
using Fota.TestKit;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Tests.Rollouts;

/// <summary>What people write, and what becomes of it; and who may begin it.</summary>
public sealed class PlanTests
{
    private const string Whole = """
        {
          "product": "infusion-pump", "version": "2.0.0",
          "filter": {"version_from": "1.0.0", "version_below": "2.0.0", "tags": ["icu"], "floor_from": 1, "floor_below": 9},
          "stages": [
            {"name": "canary", "percent": 1, "strata": ["site", "hardware"], "cap": 50, "grants_per_minute": 10, "ramp": {"factor_percent": 200, "every_minutes": 10, "up_to": 500},
             "soak_minutes": 60, "minimum_sample": 20, "success_percent": 95, "abort_after_failures": 3, "abort_above_percent": 5},
            {"name": "basel", "count": 100, "filter": {"sites": ["basel"], "hardware": ["rev-a"]}},
            {"name": "rest"}
          ],
          "abort_after_failures": 10, "abort_above_percent": 5, "timeout_minutes": 1440,
          "windows": {"time_zone": "Europe/Zurich", "times": [{"days": ["sat", "sun"], "from": "22:00", "to": "04:30"}, {"from": "12:00", "to": "13:00"}]},
          "retries": {"StorageFailed": 2}, "pass_through": [{"version": "1.5.0"}], "newcomers": "leave", "accept_reported": true
        }
        """;

    [Test]
    [Proves("O-1", "O-3")]
    public void Plan_that_says_everything_is_read_and_written_without_loss()
    {
        RolloutPlan plan = Read(Whole);
        StagePlan canary = plan.Stages[0];
        Assert.That((canary.Percent, canary.Strata, canary.Cap, canary.Soak, canary.MinimumSample), Is.EqualTo(((int?)1, Strata.Site | Strata.Hardware, (int?)50, TimeSpan.FromHours(1), (int?)20)));
        Assert.That(canary.Rate!.At(TimeSpan.FromMinutes(25)), Is.EqualTo(40));
        Assert.That(plan.Windows!.Times[0].Days, Is.EquivalentTo(new[] { DayOfWeek.Saturday, DayOfWeek.Sunday }));
        Assert.That((plan.PassThrough[0].TargetPath, plan.TakesNewcomers, plan.AcceptsReported, plan.Timeout), Is.EqualTo(("infusion-pump/1.5.0/manifest.suit", false, true, TimeSpan.FromDays(1))));

        string text = Encoding.UTF8.GetString(PlanDocument.Canonical(plan));
        Assert.That(Encoding.UTF8.GetString(PlanDocument.Canonical(Read(text))), Is.EqualTo(text));
        Assert.That(text, Does.Contain($"\"manifest_digest\":\"{Sha256Digest.Of("2.0.0"u8)}\"").And.Contain($"\"manifest_digest\":\"{Sha256Digest.Of("1.5.0"u8)}\""));
    }

    [Test]
    [Proves("O-3")]
    public void Digest_differs_whatever_is_changed()
    {
        RolloutPlan plan = Read(Whole);
        RolloutPlan[] others =
        [
            plan with { ManifestDigest = Sha256Digest.Of("x"u8) },
            plan with { AbortAfterFailures = 11 },
            plan with { Filter = plan.Filter with { Tags = [] } },
            plan with { Stages = [plan.Stages[0] with { Soak = TimeSpan.FromMinutes(59) }, .. plan.Stages.Skip(1)] },
            plan with { PassThrough = [plan.PassThrough[0] with { ManifestDigest = Sha256Digest.Of("x"u8) }] },
            plan with { AcceptsReported = false },
        ];
        Assert.That(others.Select(PlanDocument.DigestOf).Append(PlanDocument.DigestOf(plan)), Is.Unique);
    }

    [TestCase("\"percent\": 1", "\"percent\": 1, \"count\": 1", "a count or a percent")]
    [TestCase("\"percent\": 1", "\"percent\": 101", "percent: wanted 1 to 100")]
    [TestCase("\"cap\": 50", "\"cap\": 0", "cap: wanted 1 to")]
    [TestCase("\"grants_per_minute\": 10, ", "", "grants_per_minute to begin with")]
    [TestCase("\"factor_percent\": 200", "\"factor_percent\": 100", "ramp.factor_percent: wanted 110 to 1000")]
    [TestCase("\"up_to\": 500", "\"up_to\": 9", "ramp.up_to: wanted 10 to")]
    [TestCase("\"site\", \"hardware\"", "\"site\", \"site\"", "strata: wanted each once")]
    [TestCase("\"site\", \"hardware\"", "\"colour\"", "strata: wanted site and hardware, got colour")]
    [TestCase("\"soak_minutes\": 60", "\"soak_minutes\": -1", "soak_minutes: wanted")]
    [TestCase("\"success_percent\": 95", "\"success_percent\": 0", "success_percent: wanted 1 to 100")]
    [TestCase("\"abort_above_percent\": 5,", "\"abort_above_percent\": 100,", "abort_above_percent: wanted 1 to 99")]
    [TestCase("\"timeout_minutes\": 1440", "\"timeout_minutes\": 0", "timeout_minutes: wanted")]
    [TestCase(", \"timeout_minutes\": 1440", "", "wanted timeout_minutes beside a cap, got none")]
    [TestCase("\"count\": 100", "\"count\": 100, \"minimum_sample\": 101", "minimum_sample: wanted 1 to 100")]
    [TestCase("Europe/Zurich", "Europe/Atlantis", "windows.time_zone: wanted a time zone")]
    [TestCase("Europe/Zurich", "../../etc/passwd", "windows.time_zone: wanted a time zone")]
    [TestCase("\"sat\"", "\"Saturday\"", "windows.times: wanted days")]
    [TestCase("\"22:00\"", "\"24:00\"", "windows.times: wanted times like 02:30")]
    [TestCase("StorageFailed", "703", "retries: wanted names of reasons, got 703")]
    [TestCase("\"StorageFailed\": 2", "\"StorageFailed\": 11", "retries: wanted 1 to 10")]
    [TestCase("{\"version\": \"1.5.0\"}", "{\"version\": \"2.0.0\"}", "pass_through: wanted versions below 2.0.0")]
    [TestCase("{\"version\": \"1.5.0\"}", "{\"version\": \"1.5.0\"}, {\"version\": \"1.4.0\"}", "each above the one before")]
    [TestCase("\"leave\"", "\"perhaps\"", "newcomers: wanted join or leave")]
    [TestCase("\"rest\"", "\"\"", "stages: wanted names")]
    [TestCase("\"icu\"", "\"\\n\"", "filter.tags: wanted names")]
    [Proves("O-2")]
    public void P10_Plan_that_is_out_of_range_or_contradicts_itself_is_refused(string what, string instead, string why)
    {
        string changed = Whole.Replace(what, instead, StringComparison.Ordinal);
        Assert.That(changed, Is.Not.EqualTo(Whole));
        RejectedException refused = Assert.Throws<RejectedException>(() => Read(changed));
        Assert.That(refused.Rejection.Reason, Is.EqualTo(RejectionReason.ValueOutOfRange));
        Assert.That(refused.Rejection.Detail, Does.Contain(why));
    }

    [TestCase("\"newcomers\"", "\"new_comers\"")]
    [TestCase("\"percent\": 1", "\"percent\": \"1\"")]
    [TestCase("\"count\": 100", "\"count\": 100, \"count\": 1")]
    [TestCase("\"rest\"", "null")]
    [Proves("O-2")]
    public void A53_Plan_with_unknown_doubled_or_mistyped_members_is_refused(string what, string instead)
    {
        RejectedException refused = Assert.Throws<RejectedException>(() => Read(Whole.Replace(what, instead, StringComparison.Ordinal)));
        Assert.That(refused.Rejection.Reason, Is.EqualTo(RejectionReason.Malformed));
    }

    [Test]
    [Proves("O-4")]
    public void Plan_that_names_another_manifest_than_the_listed_one_is_refused()
    {
        RejectedException refused = Assert.Throws<RejectedException>(() => Read(Whole.Replace("\"product\"", $"\"manifest_digest\": \"{Sha256Digest.Of("x"u8)}\", \"product\"", StringComparison.Ordinal)));
        Assert.That(refused.Rejection.Reason, Is.EqualTo(RejectionReason.DigestMismatch));
    }

    [Test]
    [Proves("O-5")]
    public void A45_Author_does_not_approve_and_nobody_approves_other_bytes()
    {
        EngineWorld world = new(3, new StagePlan("all", null));
        Sha256Digest manifest = EngineWorld.Release, plan = PlanDocument.DigestOf(world.State.Plan), other = Sha256Digest.Of("other"u8);
        Assert.That(world.Happen(new RolloutEvent.Approved(world.Now, "ann", manifest, plan)), Does.StartWith("approve: wanted somebody else than ann"));
        Assert.That(world.Happen(new RolloutEvent.Approved(world.Now, "bob", other, plan)), Does.StartWith($"approve: wanted manifest {manifest}"));
        Assert.That(world.Happen(new RolloutEvent.Approved(world.Now, "bob", manifest, other)), Does.StartWith($"approve: wanted plan {plan}"));
        Assert.That(world.State.Approval, Is.Null);
        Assert.That(world.Happen(new RolloutEvent.Started(world.Now, "ann") { NeedsApproval = true }), Does.StartWith("start: wanted an approval"));
        Assert.That(world.Happen(new RolloutEvent.Approved(world.Now, "bob", manifest, plan)), Is.Null);
        Assert.That(world.Happen(new RolloutEvent.Started(world.Now, "ann") { NeedsApproval = true }), Is.Null);
        Assert.That(world.Happen(new RolloutEvent.Approved(world.Now, "bob", manifest, plan)), Does.StartWith("approve: wanted a rollout that is draft"));
    }

    [Test]
    [Proves("O-6")]
    public void A45_Any_edit_voids_the_approval_and_makes_its_editor_the_author()
    {
        EngineWorld world = new(3, new StagePlan("all", null));
        world.Happen(new RolloutEvent.Approved(world.Now, "bob", EngineWorld.Release, PlanDocument.DigestOf(world.State.Plan)));
        Assert.That(world.Happen(new RolloutEvent.Edited(world.Now, "bob", world.State.Plan)), Is.Null);
        Assert.That((world.State.Approval, world.State.Author), Is.EqualTo(((Approval?)null, "bob")));
        Assert.That(world.Happen(new RolloutEvent.Started(world.Now, "ann") { NeedsApproval = true }), Does.StartWith("start: wanted an approval by somebody else than bob"));
        world.Started();
        Assert.That(world.Happen(new RolloutEvent.Edited(world.Now, "ann", world.State.Plan)), Does.StartWith("edit: wanted a rollout that is draft"));
    }

    private static RolloutPlan Read(string json) => PlanReader.Read(
        PlanDocument.Parse(Encoding.UTF8.GetBytes(json)),
        "r1",
        new byte[RolloutPlan.KeySize],
        static (product, version) => new PlannedRelease(version, $"{product}/{version}/manifest.suit", Sha256Digest.Of(Encoding.UTF8.GetBytes(version.ToString())), new SecurityVersion(1)));
}
