using System.Text;
using Fota.TestKit;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Rollouts.Simulation;

namespace Fota.UpdateServer.Tests.Rollouts;

/// <summary>Which plans `fota-server rollout simulate` can run.</summary>
public sealed class SimulateCommandTests
{
    [TestCase("""{"version_from": "1.0.0"}""")]
    [TestCase("""{"floor_from": 2}""")]
    [TestCase("""{"sites": ["basel"], "hardware": ["rev-a"], "tags": ["icu"]}""")]
    [Proves("O-70")]
    public void Plan_whose_stages_ask_for_something_can_be_simulated(string filter) => Assert.That(
        Curve($$"""{"product": "infusion-pump", "version": "2.0.0", "stages": [{"name": "canary", "count": 5, "filter": {{filter}}}, {"name": "rest"}], "abort_after_failures": 50}"""),
        Does.Contain("stage canary begins with 5 of the 100 devices that are left").And.Contain("stage rest begins with 95 of the 95 devices"));

    [Test]
    [Proves("O-70")]
    public void Simulated_device_bears_the_tags_of_its_own_stage_alone()
    {
        SimulatedFleet fleet = new(
            EngineWorld.PlanOf(new StagePlan("icu", 5) { Filter = new DeviceFilter { Tags = ["icu"] } }, new StagePlan("night", 10) { Filter = new DeviceFilter { Tags = ["night"] } }, new StagePlan("rest", null)) with
            {
                Filter = new DeviceFilter { Tags = ["pilot"] },
            },
            100,
            Evidence.Signed,
            new SeededChance(1));
        Assert.That(
            fleet.Devices.GroupBy(static d => string.Join(' ', d.Tags.Order(StringComparer.Ordinal)), StringComparer.Ordinal).ToDictionary(static g => g.Key, static g => g.Count(), StringComparer.Ordinal),
            Is.EquivalentTo(new Dictionary<string, int>(StringComparer.Ordinal) { ["icu pilot"] = 5, ["night pilot"] = 10, ["pilot"] = 85 }));
    }

    // What GET /plan gives, and an approver wants to look at, always names it.
    [Test]
    [Proves("O-70")]
    public void Plan_that_names_its_manifests_can_be_simulated() => Assert.That(
        Curve($$"""
            {"product": "infusion-pump", "version": "2.0.0", "manifest_digest": "{{EngineWorld.Before}}", "stages": [{"name": "all"}], "abort_after_failures": 50,
             "pass_through": [{"version": "1.5.0", "manifest_digest": "{{EngineWorld.Release}}"}]}
            """),
        Does.StartWith("100 devices, seed 7: completed after "));

    private static string Curve(string plan)
    {
        using StringWriter text = new();
        Assert.That(SimulateCommand.Run(new SimulationRequest(PlanDocument.Parse(Encoding.UTF8.GetBytes(plan)), 100, FailureRate: 0, Seed: 7, Days: 1), json: false, text), Is.Zero);
        return text.ToString();
    }
}
