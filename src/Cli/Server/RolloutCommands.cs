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
        CreateApprove(),
        CreateAction("start", "Starts a draft: the first stage's devices are asked to install."),
        CreateAction("pause", "Stops grants at once; installs under way finish."),
        CreateAction("resume", "Goes on after a pause."),
        CreateAction("cancel", "Ends the rollout without a verdict; devices that have not begun are not asked any more."),
        CreateAction("abort", "Ends the rollout as failed; devices that have not begun are not asked any more."),
        SimulateCommand.Create(),
        WatchCommand.Create(IdArgument()),
        CreateShow(),
        CreateDecisions(),
        CreateList(),
    };

    private static Command CreateCreate()
    {
        Argument<FileInfo?> file = new("PLAN") { Description = "The plan (JSON, docs/spec/rollouts.md), in place of the options.", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> product = new("--product") { Description = "The product line." };
        Option<string?> version = new("--version") { Description = "The published release." };
        Option<int> canary = new("--canary") { Description = "Devices of the first stage; the second stage is the rest.", DefaultValueFactory = static _ => 1 };
        Option<int> abortAfter = new("--abort-after") { Description = "Failures, over all stages, that abort the rollout.", DefaultValueFactory = static _ => 1 };
        Command command = new Command("create", "Plans a rollout: a canary and the rest, or what a file says. Nothing happens until it is started.") { file, product, version, canary, abortAfter }.WithServer();
        command.Validators.Add(result =>
        {
            bool given = result.GetResult(file)?.Tokens.Count > 0;
            bool whole = result.GetValue(product) is not null && result.GetValue(version) is not null;
            bool any = ((Option[])[product, version, canary, abortAfter]).Any(o => result.GetResult(o) is { Implicit: false });
            if (given ? any : !whole)
            {
                result.AddError("create: wanted a PLAN alone, or --product and --version without one");
            }
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            object plan = parsed.GetValue(file) is { } planFile ? ReadPlan(planFile) : ShortPlan(parsed.GetValue(product)!, parsed.GetValue(version)!, parsed.GetValue(canary), parsed.GetValue(abortAfter));
            Print(parsed, await ServerConnection.PostAsync(parsed, "api/v1/rollouts", plan, cancellation));
        });
        return command;
    }

    private static Dictionary<string, object> ShortPlan(string product, string version, int canary, int abortAfter) => new(StringComparer.Ordinal)
    {
        // Plain dictionaries: the names on the wire are the API's.
        ["product"] = product,
        ["version"] = version,
        ["stages"] = new object[]
        {
            new Dictionary<string, object>(StringComparer.Ordinal) { ["name"] = "canary", ["count"] = canary },
            new Dictionary<string, object>(StringComparer.Ordinal) { ["name"] = "rest" },
        },
        ["abort_after_failures"] = abortAfter,
    };

    // Sent as it stands, members that are given twice included: the server judges it.
    public static JsonElement ReadPlan(FileInfo file)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(file.FullName));
        }
        catch (JsonException e)
        {
            throw new CommandFailedException($"{file}: wanted a plan (JSON), got something else at line {e.LineNumber + 1}");
        }
    }

    private static Command CreateApprove()
    {
        Argument<string> id = IdArgument();
        Option<string> manifest = new("--manifest") { Description = "Digest of the release's manifest, as you were told it.", Required = true };
        Option<string> plan = new("--plan") { Description = "Digest of the plan, as you were told it.", Required = true };
        Command command = new Command("approve", "Agrees to a draft that somebody else made: to this release by this plan, and to no other.") { id, manifest, plan }.WithServer();
        command.SetAction(async (parsed, cancellation) =>
        {
            Dictionary<string, string> approval = new(StringComparer.Ordinal) { ["manifest_digest"] = parsed.GetRequiredValue(manifest), ["plan_digest"] = parsed.GetRequiredValue(plan) };
            Print(parsed, await ServerConnection.PostAsync(parsed, $"api/v1/rollouts/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}/approve", approval, cancellation));
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

    private static Command CreateDecisions()
    {
        Argument<string> id = IdArgument();
        Command command = new Command("decisions", "Lists what was decided about a rollout, by whom and why; with --json, on which figures.") { id }.WithServer();
        command.SetAction(async (parsed, cancellation) =>
            FleetCommands.Print(parsed, await ServerConnection.GetAsync(parsed, $"api/v1/rollouts/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}/decisions", cancellation), "at", "decision", "by", "stage", "why"));
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
            Output.Line($"rollout {rollout.GetProperty("id")} of {rollout.GetProperty("product").GetString()} {rollout.GetProperty("version").GetString()}: {rollout.GetProperty("state").GetString()}{reason}");
        }
    }
}
