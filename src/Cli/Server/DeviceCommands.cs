using System.CommandLine;
using System.Text.Json;

namespace Fota.Cli.Server;

/// <summary>`fota device`: what devices run and said, where they stand, and which are shut out.</summary>
internal static class DeviceCommands
{
    private const string Path = "api/v1/devices";

    private const int Page = 1000;

    private static readonly string[] s_columns = ["device", "version", "slot", "floor", "state", "reason", "deferral", "site", "tags", "last_seen"];

    public static Command Create() => new("device", "Look at devices, say where they stand, and shut them out.")
    {
        CreateList(),
        CreateShow(),
        CreateTag(),
        CreateSetProduct(),
        CreateRevoke(),
        CreateReinstate(),
        FleetCommands.CreateList("revocations", "Lists the devices that were shut out.", "api/v1/device-revocations", "device", "key_id", "reason", "by", "at"),
    };

    private static Command CreateList()
    {
        Option<string?>[] filters =
        [
            new("--product") { HelpName = "NAME", Description = "Of this product." },
            new("--site") { HelpName = "NAME", Description = "At this site." },
            new("--tag") { HelpName = "NAME", Description = "With this tag." },
            new("--version") { HelpName = "VERSION", Description = "That run this release." },
            new("--state") { HelpName = "STATE", Description = "That said this last, for example rolled_back." },
        ];
        Command command = new("list", "Lists the devices that have checked in, and what they run.");
        Array.ForEach(filters, command.Options.Add);
        command.WithServer();
        command.SetAction(async (parsed, cancellation) =>
        {
            string query = string.Concat(filters.Select(f => parsed.GetValue(f) is { } value ? $"&{f.Name[2..]}={Uri.EscapeDataString(value)}" : ""));
            FleetCommands.Print(parsed, await ReadAllAsync(parsed, query, cancellation), s_columns);
        });
        return command;
    }

    // By pages: a fleet may have more devices than one answer should hold.
    private static async Task<JsonElement> ReadAllAsync(ParseResult parsed, string query, CancellationToken cancellation)
    {
        List<JsonElement> all = [];
        JsonElement page;
        do
        {
            string after = all.Count == 0 ? "" : $"&after={Uri.EscapeDataString(all[^1].GetProperty("device").GetString()!)}";
            page = await ServerConnection.GetAsync(parsed, $"{Path}?limit={Page}{after}{query}", cancellation);
            all.AddRange(page.EnumerateArray());
        }
        while (page.GetArrayLength() == Page);
        return JsonSerializer.SerializeToElement(all);
    }

    private static Command CreateShow()
    {
        Argument<string> device = DeviceArgument();
        Command command = new Command("show", "Shows a device, and what it said last.") { device }.WithServer();
        command.SetAction(async (parsed, cancellation) => Output.Members(parsed, await ServerConnection.GetAsync(parsed, PathOf(parsed.GetRequiredValue(device)), cancellation)));
        return command;
    }

    private static Command CreateTag()
    {
        Argument<string> device = DeviceArgument();
        Option<string[]> add = new("--add") { HelpName = "TAG", Description = "A tag to put on; may be given again." };
        Option<string[]> remove = new("--remove") { HelpName = "TAG", Description = "A tag to take off; may be given again." };
        Option<string?> site = new("--site") { HelpName = "NAME", Description = "Where it stands; \"\" for unknown." };
        Option<string?> hardware = new("--hardware") { HelpName = "NAME", Description = "Its hardware revision; \"\" for unknown." };
        Option<string?> zone = new("--time-zone") { HelpName = "ZONE", Description = "The clock of its walls, for example Europe/Zurich; \"\" for unknown." };
        Command command = new Command("tag", "Says where a device stands and what it is. What is not named stays as it is.") { device, add, remove, site, hardware, zone }.WithServer();
        command.Validators.Add(result =>
        {
            if (!((Option[])[add, remove, site, hardware, zone]).Any(o => result.GetResult(o) is { Implicit: false }))
            {
                result.AddError("tag: wanted at least one of --add, --remove, --site, --hardware and --time-zone, got none");
            }
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            Dictionary<string, object> patch = new(StringComparer.Ordinal);
            foreach ((string name, object? value) in ((string, object?)[])[("site", parsed.GetValue(site)), ("hardware", parsed.GetValue(hardware)), ("time_zone", parsed.GetValue(zone)), ("add_tags", parsed.GetValue(add)), ("remove_tags", parsed.GetValue(remove))])
            {
                if (value is not (null or string[] { Length: 0 }))
                {
                    patch[name] = value;
                }
            }

            Output.Members(parsed, await ServerConnection.SendAsync(parsed, HttpMethod.Patch, $"{PathOf(parsed.GetRequiredValue(device))}/traits", patch, cancellation));
        });
        return command;
    }

    private static Command CreateSetProduct()
    {
        Argument<string> device = DeviceArgument();
        Argument<string> product = new("PRODUCT") { Description = "The product." };
        Command command = new Command("set-product", "Says of which product a name is. What a device of another product left under it is given up.") { device, product }.WithServer();
        command.SetAction(async (parsed, cancellation) => OperatorCommands.Say(
            parsed,
            await ServerConnection.SendAsync(parsed, HttpMethod.Put, $"{PathOf(parsed.GetRequiredValue(device))}/product", new { product = parsed.GetRequiredValue(product) }, cancellation),
            static r => $"{r.GetProperty("device").GetString()} is a device of {r.GetProperty("product").GetString()}"));
        return command;
    }

    private static Command CreateRevoke()
    {
        Argument<string> device = DeviceArgument();
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

            OperatorCommands.Say(parsed, await ServerConnection.PostAsync(parsed, $"{PathOf(parsed.GetRequiredValue(device))}/revocation", request, cancellation), static r => $"{r.GetProperty("device").GetString()} is shut out");
        });
        return command;
    }

    private static Command CreateReinstate()
    {
        Argument<string> device = DeviceArgument();
        Command command = new Command("reinstate", "Lets a device in again that was shut out by its name.") { device }.WithServer();
        command.SetAction(async (parsed, cancellation) => OperatorCommands.Say(
            parsed, await ServerConnection.SendAsync(parsed, HttpMethod.Delete, $"{PathOf(parsed.GetRequiredValue(device))}/revocation", null, cancellation), _ => $"{parsed.GetRequiredValue(device)} may come again"));
        return command;
    }

    private static Argument<string> DeviceArgument() => new("DEVICE") { Description = "The device." };

    private static string PathOf(string device) => $"{Path}/{Uri.EscapeDataString(device)}";
}
