using System.Security.Cryptography;
using System.Text;
using Fota.Manifest;

namespace Fota.UpdateServer.Rollouts.Simulation;

/// <summary>What to simulate.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Devices">Devices in the simulated fleet.</param>
/// <param name="FailureRate">Probability that an installation fails, 0 to 1.</param>
/// <param name="SilentRate">Probability that a device that was asked is never heard of again, 0 to 1.</param>
/// <param name="Seed">Of all chance: the same seed gives the same course.</param>
/// <param name="Days">When to stop if the rollout is not over.</param>
internal sealed record SimulationRequest(
    PlanDocument Plan,
    int Devices = SimulationRequest.UsualDevices,
    double FailureRate = SimulationRequest.UsualFailureRate,
    double SilentRate = 0,
    long Seed = SimulationRequest.UsualSeed,
    int Days = SimulationRequest.UsualDays)
{
    public const int UsualDevices = 1000, UsualDays = 30;
    public const double UsualFailureRate = 0.01;
    public const long UsualSeed = 1;

    private const int MaxDays = 365;

    private static readonly DateTimeOffset s_start = new(2026, 1, 5, 8, 0, 0, TimeSpan.Zero); // a Monday

    /// <summary>Runs it.</summary>
    /// <param name="mostDevices">How many devices it may have here.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="RejectedException">The plan is none, cannot start, or a number is out of range.</exception>
    public SimulationCurve Run(int mostDevices, CancellationToken cancellation = default)
    {
        int devices = Demand.Within(Devices, 1, mostDevices, "devices")!.Value, days = Demand.Within(Days, 1, MaxDays, "days")!.Value;
        FleetBehaviour behaviour = new() { Failure = Probability(FailureRate, "failure_rate"), Silent = Probability(SilentRate, "silent_rate"), Delay = TimeSpan.FromMinutes(1) };

        // Who is in which stage follows from the key: here the seed's, so that a course can be repeated.
        RolloutPlan plan = PlanReader.Read(Plan, "r1", SHA256.HashData(BitConverter.GetBytes(Seed)), (product, version) =>
            new PlannedRelease(version, $"{product}/{version}/manifest.suit", DigestOf(version), new SecurityVersion(uint.MaxValue)));
        RolloutSimulation simulation = new(plan, devices, behaviour, unchecked((ulong)Seed), s_start);
        SimulationCurve curve = new(simulation, unchecked((ulong)Seed), devices);
        return simulation.Run(s_start + TimeSpan.FromDays(days), Note) is { } refused ? throw new RejectedException(RejectionReason.ValueOutOfRange, refused) : curve;

        void Note()
        {
            cancellation.ThrowIfCancellationRequested();
            curve.Note();
        }
    }

    /// <summary>The digest that the plan names for a release, as nothing is listed here; else one of its own.</summary>
    private Sha256Digest DigestOf(ReleaseVersion version)
    {
        string text = version.ToString();
        string? named = text == Plan.Version ? Plan.ManifestDigest : (Plan.PassThrough ?? []).FirstOrDefault(r => r.Version == text)?.ManifestDigest;
        return named is null ? Sha256Digest.Of(Encoding.UTF8.GetBytes(text)) : Sha256Digest.Parse(named);
    }

    private static double Probability(double value, string what) => value is >= 0 and <= 1 ? value : throw Demand.Wrong(what, "0 to 1", value);
}
