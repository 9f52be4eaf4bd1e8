using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Fota.Cli.Server;

/// <summary>`fota device`, `fota fleet` and `fota catalog`: what the fleet runs, and what it may be given.</summary>
internal static class FleetCommands
{
    public static Command CreateDevice() => new("device", "Look at devices, and shut them out.")
    {
        CreateList("list", "Lists the devices that have checked in, and what they run.", "api/v1/devices", "device", "version", "slot", "floor", "state", "reason", "deferral", "last_seen"),
        CreateRevoke(),
        CreateReinstate(),
        CreateList("revocations", "Lists the devices that were shut out.", "api/v1/device-revocations", "device", "key_id", "reason", "by", "at"),
    };

    public static Command CreateFleet() => new("fleet", "Look at the fleet as a whole.") { CreateAlarms() };

    public static Command CreateCatalog() =>
        CreateList("catalog", "Lists the published releases.", "api/v1/releases", "product", "version", "sequence", "security_version", "image_size", "pack_size", "gate_override", "manifest_digest");

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
                Console.Out.WriteLine($"there are more: --before {page.GetProperty("next")}");
            }
        });
        return command;
    }

    private static Command CreateRevoke()
    {
        Argument<string> device = new("DEVICE") { Description = "The device." };
        Option<string> reason = new("--reason") { HelpName = "TEXT", Description = "Why.", Required = true };
        Option<string?> key = new("--key") { HelpName = "ID", Description = "The one key of it that is meant, for good (default: whatever certificate bears its name)." };
        Command command = new Command("revoke", "Shuts a device out, at once.") { device, reason, key }.WithServer();
        command.SetAction(async (parsed, cancellation) =>
        {
            Dictionary<string, string> request = new(StringComparer.Ordinal) { ["reason"] = parsed.GetRequiredValue(reason) };
            if (parsed.GetValue(key) is { } id)
            {
                request["key_id"] = id;
            }

            OperatorCommands.Say(parsed, await ServerConnection.PostAsync(parsed, PathOf(parsed.GetRequiredValue(device)), request, cancellation), static r => $"{r.GetProperty("device").GetString()} is shut out");
        });
        return command;
    }

    private static Command CreateReinstate()
    {
        Argument<string> device = new("DEVICE") { Description = "The device." };
        Command command = new Command("reinstate", "Lets a device in again that was shut out by its name.") { device }.WithServer();
        command.SetAction(async (parsed, cancellation) => OperatorCommands.Say(
            parsed, await ServerConnection.SendAsync(parsed, HttpMethod.Delete, PathOf(parsed.GetRequiredValue(device)), null, cancellation), _ => $"{parsed.GetRequiredValue(device)} may come again"));
        return command;
    }

    private static string PathOf(string device) => $"api/v1/devices/{Uri.EscapeDataString(device)}/revocation";

    private static Command CreateList(string name, string description, string path, params string[] columns)
    {
        Command command = new Command(name, description).WithServer();
        command.SetAction(async (parsed, cancellation) => Print(parsed, await ServerConnection.GetAsync(parsed, path, cancellation), columns));
        return command;
    }
}
