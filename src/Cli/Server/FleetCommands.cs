using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Fota.Cli.Server;

/// <summary>`fota fleet` and `fota catalog`: how the fleet is, and what it may be given.</summary>
internal static class FleetCommands
{
    public static Command Create() => new("fleet", "Look at the fleet as a whole.") { CreateStatus(), CreateAlarms() };

    public static Command CreateCatalog() =>
        CreateList("catalog", "Lists the published releases.", "api/v1/releases", "product", "version", "sequence", "security_version", "image_size", "pack_size", "gate_override", "manifest_digest");

    public static Command CreateList(string name, string description, string path, params string[] columns)
    {
        Command command = new Command(name, description).WithServer();
        command.SetAction(async (parsed, cancellation) => Print(parsed, await ServerConnection.GetAsync(parsed, path, cancellation), columns));
        return command;
    }

    public static void Print(ParseResult parsed, JsonElement rows, params string[] columns)
    {
        if (parsed.GetValue(ServerConnection.AsJson))
        {
            Output.Json(rows);
        }
        else
        {
            Output.Table(rows, columns);
        }
    }

    private static Command CreateAlarms()
    {
        Option<bool> all = new("--all") { Description = "Those that are over as well." };
        Option<int> limit = new("--limit") { HelpName = "N", Description = "How many at most, the newest first.", DefaultValueFactory = static _ => 100 };
        Option<long?> before = new("--before") { HelpName = "NUMBER", Description = "Where to go on: `next` of the page before." };
        Command command = new Command("alarms", "Lists what somebody should look at.") { all, limit, before }.WithServer();
        command.SetAction(async (parsed, cancellation) =>
        {
            string query = string.Create(CultureInfo.InvariantCulture, $"api/v1/alarms?limit={parsed.GetValue(limit)}&all={(parsed.GetValue(all) ? "true" : "false")}{(parsed.GetValue(before) is { } number ? $"&before={number}" : "")}");
            JsonElement page = await ServerConnection.GetAsync(parsed, query, cancellation);
            if (parsed.GetValue(ServerConnection.AsJson))
            {
                Output.Json(page);
                return;
            }

            Output.Table(page.GetProperty("alarms"), "number", "alarm", "subject", "product", "raised", "cleared", "detail");
            if (page.GetProperty("next").ValueKind == JsonValueKind.Number)
            {
                Output.Line($"there are more: --before {page.GetProperty("next")}");
            }
        });
        return command;
    }

    private static Command CreateStatus()
    {
        Command command = new Command("status", "Shows how many devices run what, what they said last, and since when they were not heard of.").WithServer();
        command.SetAction(async (parsed, cancellation) =>
        {
            JsonElement status = await ServerConnection.GetAsync(parsed, "api/v1/fleet/status", cancellation);
            if (parsed.GetValue(ServerConnection.AsJson))
            {
                Output.Json(status);
                return;
            }

            foreach (JsonElement product in status.GetProperty("products").EnumerateArray())
            {
                Describe(product);
            }

            if (status.GetProperty("products").GetArrayLength() == 0)
            {
                Output.Line("no device has checked in yet");
            }
        });
        return command;
    }

    private static void Describe(JsonElement product)
    {
        Output.Line($"{product.GetProperty("product").GetString()}: {Count(product, "devices")} devices");
        Output.Line($"  run       {Counts(product.GetProperty("versions"))}");
        Output.Line($"  said      {Counts(product.GetProperty("states"))}");
        JsonElement seen = product.GetProperty("seen");
        Output.Line($"  heard of  {Count(seen, "within_hour")} within an hour, {Count(seen, "within_day")} within a day, {Count(seen, "within_week")} within a week, {Count(seen, "longer")} longer ago");
        if (product.GetProperty("rollout") is { ValueKind: JsonValueKind.Object } rollout)
        {
            Output.Line(
                $"  rollout   {rollout.GetProperty("id").GetString()} of {rollout.GetProperty("version").GetString()}: {rollout.GetProperty("state").GetString()} in {rollout.GetProperty("stage").GetString()}, "
                + $"{Count(rollout, "succeeded")} of {Count(rollout, "members")} done, {Count(rollout, "in_flight")} at it, {Count(rollout, "failed")} failed");
        }
    }

    private static string Counts(JsonElement counts) => string.Join(", ", counts.EnumerateArray().Select(static c => $"{c.GetProperty("name").GetString()} {Count(c, "devices")}"));

    private static string Count(JsonElement from, string member) => from.GetProperty(member).GetInt32().ToString(CultureInfo.InvariantCulture);
}
