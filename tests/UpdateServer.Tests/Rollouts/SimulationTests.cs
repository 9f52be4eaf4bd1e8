using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Rollouts.Simulation;

namespace Fota.UpdateServer.Tests.Rollouts;

/// <summary>Many devices in virtual time, over a network that loses, delays, repeats and reorders. What was promised is held against every step.</summary>
public sealed class SimulationTests
{
    private static readonly DateTimeOffset s_start = new(2026, 3, 2, 8, 0, 0, TimeSpan.Zero);

    private static readonly RolloutPlan s_plan = PlanFor(2_000);

    private static readonly FleetBehaviour s_network = new()
    {
        Failure = 0.04,
        Silent = 0.01,
        Deferred = 0.1,
        Loss = 0.1,
        Duplicate = 0.2,
        Delay = TimeSpan.FromMinutes(10),
    };

    [Test]
    [Proves("O-20", "O-21", "O-31", "O-33", "O-42")]
    public void A46_A47_Two_thousand_devices_that_sign_keep_every_promise() => Simulate(2_000, 4711, s_network, signed: true, RolloutStatus.Completed);

    [Test]
    [Proves("O-42")]
    public void A46_A47_A_bad_release_is_stopped_in_the_canary() => Simulate(2_000, 815, s_network with { Failure = 0.5 }, signed: false, RolloutStatus.Aborted);

    [Test]
    [Category("Full")]
    public void A46_A47_A_hundred_thousand_devices_keep_every_promise() => Simulate(100_000, 20260302, s_network with { Poll = TimeSpan.FromHours(2) }, signed: false, RolloutStatus.Completed);

    [Test]
    [Proves("O-70")]
    public void The_same_seed_gives_the_same_course_and_another_one_another()
    {
        string[] courses = [.. ((ulong[])[1, 1, 2]).Select(static seed =>
        {
            RolloutSimulation simulation = new(s_plan, 1_500, s_network, seed, s_start);
            Assert.That(simulation.Run(s_start.AddHours(12)), Is.Null);
            return $"{simulation.Events} {simulation.State.All} {string.Join('\n', simulation.Decisions)}";
        })];
        Assert.That(courses[1], Is.EqualTo(courses[0]));
        Assert.That(courses[2], Is.Not.EqualTo(courses[0]));
    }

    [Test]
    [Proves("O-70")]
    public void A_plan_is_simulated_without_a_server_and_its_curve_is_printed()
    {
        PlanDocument plan = new("infusion-pump", "2.0.0", [new StageDocument("canary", 10), new StageDocument("rest")], 50) { Windows = new WindowsDocument([new WindowDocument("00:00", "12:00")]) };
        using StringWriter text = new(), json = new();
        Assert.That(SimulateCommand.Run(new SimulationRequest(plan, 200, FailureRate: 0.02, Seed: 7), json: false, text), Is.Zero);
        Assert.That(text.ToString(), Does.StartWith("200 devices, seed 7: completed after ").And.Contain("stage rest begins with 190 of the 190 devices that are left"));
        SimulateCommand.Run(new SimulationRequest(plan, 200, FailureRate: 0.02, Seed: 7), json: true, json);
        JsonElement outcome = JsonSerializer.Deserialize<JsonElement>(json.ToString()), last = outcome.GetProperty("curve").EnumerateArray().Last();
        Assert.That(last.GetProperty("succeeded").GetInt32() + last.GetProperty("failed").GetInt32(), Is.EqualTo(200));
    }

    [Test]
    [Proves("O-70")]
    public void A_plan_that_could_not_start_is_refused_by_the_simulation_too()
    {
        PlanDocument plan = new("infusion-pump", "2.0.0", [new StageDocument("canary") { Percent = 5, MinimumSample = 20 }, new StageDocument("rest")], 1);
        RejectedException refused = Assert.Throws<RejectedException>(() => SimulateCommand.Run(new SimulationRequest(plan, 200, FailureRate: 0, Seed: 7), json: false, TextWriter.Null));
        Assert.That(refused.Rejection.Detail, Does.StartWith("start: wanted a first stage of at least 20 devices"));
    }

    private static void Simulate(int devices, ulong seed, FleetBehaviour behaviour, bool signed, RolloutStatus wanted)
    {
        long begun = Stopwatch.GetTimestamp();
        RolloutPlan plan = PlanFor(devices);
        PromiseKeeper keeper = new(plan);
        SoftwareKey key = SoftwareKey.EcdsaP256();
        RolloutSimulation simulation = new(plan, devices, behaviour, seed, s_start, signed ? Sign : null, keeper.Watch);
        Assert.That(simulation.Run(s_start.AddDays(7)), Is.Null);
        TestContext.Out.WriteLine(
            $"rollout-simulation: seed {seed}, {devices} devices, {simulation.Events} events, {simulation.State.Status} after {simulation.Now - s_start}, {keeper.Grants} grants, "
            + $"at most {keeper.MostInFlight} at once, {simulation.State.All.Both} in {Stopwatch.GetElapsedTime(begun).TotalMilliseconds:f0} ms");
        Assert.That(simulation.State.Status, Is.EqualTo(wanted));
        Assert.That(keeper.Grants, Is.GreaterThan(20));
        PromiseKeeper.Recount(simulation.State);

        VerifiedReport Sign(DeviceReport report) => VerifiedReport.Verify(VerifiedReport.Sign(report, key.PublicKey, input => key.Sign(input)), key.PublicKey, report.Device).OrThrow();
    }

    private static RolloutPlan PlanFor(int devices)
    {
        int scale = devices / 2_000;
        return EngineWorld.PlanOf(
            new StagePlan("canary", null) { Percent = 2, Strata = Strata.Site | Strata.Hardware, Cap = 25 * scale, Rate = new GrantRate(5 * scale), Soak = TimeSpan.FromHours(2), MinimumSample = 20, SuccessPercent = 85 },
            new StagePlan("early", null)
            {
                Percent = 10,
                Cap = 150 * scale,
                Rate = new GrantRate(10 * scale) { FactorPercent = 150, Every = TimeSpan.FromMinutes(10), UpTo = 60 * scale },
                Soak = TimeSpan.FromHours(1),
                MinimumSample = 100,
                SuccessPercent = 85,
                AbortAbovePercent = 20,
            },
            new StagePlan("rest", null) { Cap = 600 * scale, Rate = new GrantRate(20 * scale) { FactorPercent = 200, Every = TimeSpan.FromMinutes(5), UpTo = 100 * scale }, SuccessPercent = 80 }) with
        {
            AbortAfterFailures = 1_000_000,
            AbortAbovePercent = 15,
            Timeout = TimeSpan.FromHours(6),
            Retries = ImmutableSortedDictionary<RejectionReason, int>.Empty.Add(RejectionReason.StorageFailed, 1),
        };
    }
}
