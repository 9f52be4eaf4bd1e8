using System.CommandLine;
using System.Text.Json;

namespace Fota.Cli.Server;

/// <summary>`fota device` and `fota catalog`: what the fleet runs, and what it may be given.</summary>
internal static class FleetCommands
{
    public static Command CreateDevice() => new("device", "Look at devices.")
    {
        CreateList("list", "Lists the devices that have checked in, and what they run.", "api/v1/devices", "device", "version", "slot", "floor", "state", "reason", "deferral", "last_seen"),
    };

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

    private static Command CreateList(string name, string description, string path, params string[] columns)
    {
        Command command = new Command(name, description).WithServer();
        command.SetAction(async (parsed, cancellation) => Print(parsed, await ServerConnection.GetAsync(parsed, path, cancellation), columns));
        return command;
    }
}
