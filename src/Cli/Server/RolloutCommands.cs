using System.CommandLine;
using System.Text.Json;

namespace Fota.Cli.Server;

/// <summary>`fota rollout`: plan, start, stop and watch staged rollouts.</summary>
internal static class RolloutCommands
{
    private static readonly string[] s_columns = ["id", "product", "version", "state", "stage", "reason"];

    public static Command Create() => new("rollout", "Plan, start, stop and watch staged rollouts.")
    {
        CreateCreate(),
        CreateAction("start", "Starts a draft: the first stage's devices are asked to install."),
        CreateAction("pause", "Stops grants at once; installs under way finish."),
        CreateAction("resume", "Goes on after a pause."),
        CreateAction("abort", "Ends the rollout; devices that have not begun are not asked any more."),
        CreateShow(),
        CreateList(),
    };

    private static Command CreateCreate()
    {
        Option<string> product = new("--product") { Description = "The product line.", Required = true };
        Option<string> version = new("--version") { Description = "The published release.", Required = true };
        Option<int> canary = new("--canary") { Description = "Devices of the first stage; the second stage is the rest.", DefaultValueFactory = static _ => 1 };
        Option<int> abortAfter = new("--abort-after") { Description = "Failures, over all stages, that abort the rollout.", DefaultValueFactory = static _ => 1 };
        Command command = new Command("create", "Plans a rollout in two stages, a canary and the rest. Nothing happens until it is started.") { product, version, canary, abortAfter }.WithServer();
        command.SetAction(async (parsed, cancellation) =>
        {
            // Plain dictionaries: the names on the wire are the API's.
            Dictionary<string, object> plan = new(StringComparer.Ordinal)
            {
                ["product"] = parsed.GetRequiredValue(product),
                ["version"] = parsed.GetRequiredValue(version),
                ["stages"] = new object[]
                {
                    new Dictionary<string, object>(StringComparer.Ordinal) { ["name"] = "canary", ["count"] = parsed.GetValue(canary) },
                    new Dictionary<string, object>(StringComparer.Ordinal) { ["name"] = "rest" },
                },
                ["abort_after_failures"] = parsed.GetValue(abortAfter),
            };
            Print(parsed, await ServerConnection.PostAsync(parsed, "api/v1/rollouts", plan, cancellation));
        });
        return command;
    }

    private static Command CreateAction(string name, string description)
    {
        Argument<string> id = IdArgument();
        Command command = new Command(name, description) { id }.WithServer();
        command.SetAction(async (parsed, cancellation) =>
            Print(parsed, await ServerConnection.PostAsync(parsed, $"api/v1/rollouts/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}/{name}", body: null, cancellation)));
        return command;
    }

    private static Command CreateShow()
    {
        Argument<string> id = IdArgument();
        Command command = new Command("show", "Shows a rollout and its stages.") { id }.WithServer();
        command.SetAction(async (parsed, cancellation) =>
        {
            JsonElement rollout = await ServerConnection.GetAsync(parsed, $"api/v1/rollouts/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}", cancellation);
            Print(parsed, rollout);
            if (!parsed.GetValue(ServerConnection.AsJson))
            {
                Output.Table(rollout.GetProperty("stages"), "name", "members", "granted", "confirmed", "failed", "failed_devices", "deferred_devices");
            }
        });
        return command;
    }

    private static Command CreateList()
    {
        Command command = new Command("list", "Lists the rollouts.").WithServer();
        command.SetAction(async (parsed, cancellation) => FleetCommands.Print(parsed, await ServerConnection.GetAsync(parsed, "api/v1/rollouts", cancellation), s_columns));
        return command;
    }

    private static Argument<string> IdArgument() => new("ID") { Description = "The rollout's id." };

    private static void Print(ParseResult parsed, JsonElement rollout)
    {
        if (parsed.GetValue(ServerConnection.AsJson))
        {
            Output.Json(rollout);
        }
        else
        {
            string reason = rollout.TryGetProperty("reason", out JsonElement r) && r.ValueKind == JsonValueKind.String ? $": {r.GetString()}" : "";
            Console.Out.WriteLine($"rollout {rollout.GetProperty("id")} of {rollout.GetProperty("product").GetString()} {rollout.GetProperty("version").GetString()}: {rollout.GetProperty("state").GetString()}{reason}");
        }
    }
}
