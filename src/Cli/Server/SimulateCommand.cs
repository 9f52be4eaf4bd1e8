using System.CommandLine;

namespace Fota.Cli.Server;

/// <summary>`fota rollout simulate`: what a plan comes to, by the engine of the server that would run it.</summary>
internal static class SimulateCommand
{
    public static Command Create()
    {
        Argument<FileInfo> file = new("PLAN") { Description = "The plan (JSON, docs/spec/rollouts.md)." };
        Option<int?> devices = new("--devices") { HelpName = "N", Description = "Devices in the simulated fleet (default: 1000; at most 10,000)." };
        Option<double?> failure = new("--failure-rate") { HelpName = "P", Description = "Probability that an installation fails, 0 to 1 (default: 0.01)." };
        Option<double?> silent = new("--silent-rate") { HelpName = "P", Description = "Probability that a device that was asked is never heard of again, 0 to 1 (default: 0)." };
        Option<long?> seed = new("--seed") { HelpName = "N", Description = "Of all chance: the same seed gives the same course (default: 1)." };
        Option<int?> days = new("--days") { HelpName = "N", Description = "When to stop if the rollout is not over (default: 30; at most 365)." };
        Command command = new Command("simulate", "Runs a plan on a simulated fleet, in virtual time, by the server's own engine. Nothing is kept of it.") { file, devices, failure, silent, seed, days }.WithServer();
        command.SetAction(async (parsed, cancellation) =>
        {
            Dictionary<string, object> request = new(StringComparer.Ordinal) { ["plan"] = RolloutCommands.ReadPlan(parsed.GetRequiredValue(file)) };
            Add("devices", parsed.GetValue(devices));
            Add("failure_rate", parsed.GetValue(failure));
            Add("silent_rate", parsed.GetValue(silent));
            Add("seed", parsed.GetValue(seed));
            Add("days", parsed.GetValue(days));
            System.Text.Json.JsonElement answer = await ServerConnection.PostAsync(parsed, "api/v1/rollout-simulations", request, cancellation);
            if (parsed.GetValue(ServerConnection.AsJson))
            {
                Output.Json(answer.GetProperty("outcome"));
            }
            else
            {
                Output.Lines(answer.GetProperty("text").GetString()!);
            }

            void Add(string name, object? value)
            {
                if (value is not null)
                {
                    request[name] = value;
                }
            }
        });
        return command;
    }
}
