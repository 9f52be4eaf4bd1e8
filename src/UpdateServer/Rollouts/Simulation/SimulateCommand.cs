using System.CommandLine;
using System.Text.Json;

namespace Fota.UpdateServer.Rollouts.Simulation;

/// <summary>`fota-server rollout simulate`: what a plan comes to, before anybody is asked. It needs no server, no settings and no release.</summary>
internal static class SimulateCommand
{
    private const int MaxDevices = 1_000_000;

    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create()
    {
        Argument<FileInfo> file = new("PLAN") { Description = "The plan (JSON, docs/spec/rollouts.md)." };
        Option<int> devices = new("--devices") { Description = "Devices in the simulated fleet.", DefaultValueFactory = static _ => SimulationRequest.UsualDevices };
        Option<double> failure = new("--failure-rate") { Description = "Probability that an installation fails, 0 to 1.", DefaultValueFactory = static _ => SimulationRequest.UsualFailureRate };
        Option<double> silent = new("--silent-rate") { Description = "Probability that a device that was asked is never heard of again, 0 to 1." };
        Option<long> seed = new("--seed") { Description = "Of all chance: the same seed gives the same course.", DefaultValueFactory = static _ => SimulationRequest.UsualSeed };
        Option<int> days = new("--days") { Description = "When to stop if the rollout is not over.", DefaultValueFactory = static _ => SimulationRequest.UsualDays };
        Option<bool> json = new("--json") { Description = "Print JSON." };
        Command command = new("simulate", "Runs a plan on a simulated fleet, in virtual time, by the engine that runs real ones.") { file, devices, failure, silent, seed, days, json };
        command.SetAction(parsed => Run(
            new SimulationRequest(
                PlanDocument.Parse(File.ReadAllBytes(parsed.GetRequiredValue(file).FullName)),
                parsed.GetValue(devices),
                parsed.GetValue(failure),
                parsed.GetValue(silent),
                parsed.GetValue(seed),
                parsed.GetValue(days)),
            parsed.GetValue(json),
            Console.Out));
        return command;
    }

    /// <summary>Runs it and prints the curve; gives the exit code.</summary>
    public static int Run(SimulationRequest request, bool json, TextWriter output)
    {
        SimulationCurve curve = request.Run(MaxDevices);
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(curve.ToOutcome(), s_json));
        }
        else
        {
            curve.Print(output);
        }

        return 0;
    }
}
