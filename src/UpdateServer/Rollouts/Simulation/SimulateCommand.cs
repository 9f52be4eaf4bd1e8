using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Fota.Manifest;

namespace Fota.UpdateServer.Rollouts.Simulation;

/// <summary>`fota-server rollout simulate`: what a plan comes to, before anybody is asked. It needs no server, no settings and no release.</summary>
internal static class SimulateCommand
{
    private const int MaxDevices = 1_000_000, MaxDays = 365;

    private static readonly DateTimeOffset s_start = new(2026, 1, 5, 8, 0, 0, TimeSpan.Zero); // a Monday
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create()
    {
        Argument<FileInfo> file = new("PLAN") { Description = "The plan (JSON, docs/spec/rollouts.md)." };
        Option<int> devices = new("--devices") { Description = "Devices in the simulated fleet.", DefaultValueFactory = static _ => 1000 };
        Option<double> failure = new("--failure-rate") { Description = "Probability that an installation fails, 0 to 1.", DefaultValueFactory = static _ => 0.01 };
        Option<double> silent = new("--silent-rate") { Description = "Probability that a device that was asked is never heard of again, 0 to 1." };
        Option<long> seed = new("--seed") { Description = "Of all chance: the same seed gives the same course.", DefaultValueFactory = static _ => 1 };
        Option<int> days = new("--days") { Description = "When to stop if the rollout is not over.", DefaultValueFactory = static _ => 30 };
        Option<bool> json = new("--json") { Description = "Print JSON." };
        Command command = new("simulate", "Runs a plan on a simulated fleet, in virtual time, by the engine that runs real ones.") { file, devices, failure, silent, seed, days, json };
        command.SetAction(parsed => Run(
            PlanDocument.Parse(File.ReadAllBytes(parsed.GetRequiredValue(file).FullName)),
            Demand.Within(parsed.GetValue(devices), 1, MaxDevices, "--devices")!.Value,
            new FleetBehaviour { Failure = Probability(parsed.GetValue(failure), "--failure-rate"), Silent = Probability(parsed.GetValue(silent), "--silent-rate"), Delay = TimeSpan.FromMinutes(1) },
            unchecked((ulong)parsed.GetValue(seed)),
            TimeSpan.FromDays(Demand.Within(parsed.GetValue(days), 1, MaxDays, "--days")!.Value),
            parsed.GetValue(json),
            Console.Out));
        return command;
    }

    /// <summary>Runs it and prints the curve; gives the exit code.</summary>
    public static int Run(PlanDocument document, int devices, FleetBehaviour behaviour, ulong seed, TimeSpan longest, bool json, TextWriter output)
    {
        // Who is in which stage follows from the key: here the seed's, so that a course can be repeated.
        RolloutPlan plan = PlanReader.Read(document, "r1", SHA256.HashData(BitConverter.GetBytes(seed)), (product, version) =>
            new PlannedRelease(version, $"{product}/{version}/manifest.suit", DigestOf(document, version), new SecurityVersion(uint.MaxValue)));
        RolloutSimulation simulation = new(plan, devices, behaviour, seed, s_start);
        SimulationCurve curve = new(simulation);
        if (simulation.Run(s_start + longest, curve.Note) is { } refused)
        {
            throw new RejectedException(RejectionReason.ValueOutOfRange, refused);
        }

        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(curve.ToOutcome(seed, devices), s_json));
        }
        else
        {
            curve.Print(output, seed, devices);
        }

        return 0;
    }

    /// <summary>The digest that the plan names for a release, as nothing is listed here; else one of its own.</summary>
    private static Sha256Digest DigestOf(PlanDocument document, ReleaseVersion version)
    {
        string text = version.ToString();
        string? named = text == document.Version ? document.ManifestDigest : (document.PassThrough ?? []).FirstOrDefault(r => r.Version == text)?.ManifestDigest;
        return named is null ? Sha256Digest.Of(Encoding.UTF8.GetBytes(text)) : Sha256Digest.Parse(named);
    }

    private static double Probability(double value, string what) => value is >= 0 and <= 1 ? value : throw Demand.Wrong(what, "0 to 1", value);
}
