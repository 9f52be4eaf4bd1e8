using System.CommandLine;
using System.Text.Json;

namespace Fota.Cli.Signing;

/// <summary>`fota release`: asks a signing service for releases, approves and publishes them.</summary>
internal static class ReleaseCommands
{
    private static readonly string[] s_columns = ["product", "version", "kind", "state", "submitter", "approver", "expires", "manifest_digest"];

    public static Command Create() => new("release", "Ask for a release, approve it with your own key, publish it, take it back.")
    {
        CreateCommand.Create(),
        CreateReissue(),
        CreateList(),
        CreateShow(),
        ApproveCommand.Create(),
        CreateEnd("reject", "rejection", "Says no to a request, with a reason."),
        CreatePublish(),
        CreateWithdraw(),
        CreateEvidence(),
        CreateEnd("cancel", "withdrawal", "Takes back a request of your own that is not published yet, with a reason."),
    };

    /// <summary>Prints a request.</summary>
    public static void Print(ParseResult parsed, JsonElement request)
    {
        if (parsed.GetValue(ServiceOptions.AsJson))
        {
            Output.Json(request);
            return;
        }

        JsonElement asked = request.GetProperty("request");
        string outcome = request.GetProperty("outcome") is { ValueKind: JsonValueKind.String } why ? $": {why.GetString()}" : "";
        Output.Line($"{asked.GetProperty("kind").GetString()} {asked.GetProperty("product").GetString()} {asked.GetProperty("version").GetString()}: {request.GetProperty("state").GetString()}{outcome}");
        Output.Line($"request: {request.GetProperty("id").GetString()}, asked for by {request.GetProperty("submitter").GetString()}, until {request.GetProperty("expires").GetDateTimeOffset().UtcDateTime:yyyy-MM-dd HH:mm}Z");
        foreach (JsonProperty member in asked.EnumerateObject().Where(static member => member.Name is not ("kind" or "product" or "version") && member.Value.ValueKind != JsonValueKind.Null))
        {
            Output.Line($"{member.Name.Replace('_', ' ')}: {member.Value}");
        }

        if (request.GetProperty("manifest_digest") is { ValueKind: JsonValueKind.String } digest)
        {
            Output.Line($"manifest digest: {digest.GetString()}");
        }
    }

    private static Command CreateReissue()
    {
        ReleaseIdentity release = new();
        Option<string?> gates = new("--override-gates") { HelpName = "GATES", Description = "For an emergency: the gates of devices that it may pass although they are closed. Those of the published release do not count." };
        Option<int> attempt = ServiceOptions.Attempt();
        Command command = new Command("reissue", "Asks for a published release to be signed again under a new sequence number: an intended downgrade, within devices' floors.") { gates, attempt }.WithService(release);
        command.SetAction((parsed, cancellation) => release.AskAsync(parsed, "reissue", attempt, request => request["override_gates"] = parsed.GetValue(gates), cancellation));
        return command;
    }

    private static Command CreateWithdraw()
    {
        ReleaseIdentity release = new();
        Option<string> reason = new("--reason") { HelpName = "TEXT", Description = "Why; it is kept in the log.", Required = true };
        Option<int> attempt = ServiceOptions.Attempt();
        Command command = new Command("withdraw", "Asks for a published release to be taken out of the product's role, so that no server can offer it any more. It is approved and published as a release is.") { reason, attempt }.WithService(release);
        command.SetAction((parsed, cancellation) => release.AskAsync(parsed, "withdrawal", attempt, request => request["reason"] = parsed.GetRequiredValue(reason), cancellation));
        return command;
    }

    private static Command CreateList()
    {
        Command command = new Command("list", "Lists the requests, the newest first.").WithService();
        command.SetAction(async (parsed, cancellation) =>
        {
            using ServiceClient client = ServiceOptions.Connect(parsed);
            JsonElement requests = await client.GetAsync("api/v1/requests", cancellation);
            if (parsed.GetValue(ServiceOptions.AsJson))
            {
                Output.Json(requests);
                return;
            }

            Output.Table(JsonSerializer.SerializeToElement(requests.EnumerateArray().Select(static request => Flatten(request))), s_columns);
        });
        return command;
    }

    private static Command CreateShow()
    {
        ReleaseIdentity release = new();
        Option<bool> wait = new("--wait") { Description = "Wait until nothing is being prepared any more." };
        Command command = new Command("show", "Shows the newest request for a release.") { wait }.WithService(release);
        command.SetAction(async (parsed, cancellation) =>
        {
            using ServiceClient client = ServiceOptions.Connect(parsed);
            JsonElement request = await release.FindAsync(client, parsed, cancellation);
            Print(parsed, parsed.GetValue(wait) ? await Preparation.WaitAsync(client, request, cancellation) : request);
        });
        return command;
    }

    private static Command CreatePublish()
    {
        ReleaseIdentity release = new();
        Command command = new Command("publish", "Publishes what was approved: the service's own key completes it.").WithService(release);
        command.SetAction(async (parsed, cancellation) =>
        {
            using ServiceClient client = ServiceOptions.Connect(parsed);
            JsonElement request = await release.FindAsync(client, parsed, cancellation);
            Print(parsed, await client.PostAsync($"api/v1/requests/{request.GetProperty("id").GetString()}/publication", cancellation));
        });
        return command;
    }

    private static Command CreateEvidence()
    {
        ReleaseIdentity release = new();
        Option<FileInfo> output = new("--out") { HelpName = "FILE", Description = "Where the bundle goes.", Required = true };
        Command command = new Command("evidence", "Fetches all that proves a published release in one file; `fota audit verify-evidence` checks it offline.") { output }.WithService(release);
        command.SetAction(async (parsed, cancellation) =>
        {
            using ServiceClient client = ServiceOptions.Connect(parsed);
            string product = parsed.GetRequiredValue(release.Product), version = parsed.GetRequiredValue(release.Version), file = parsed.GetRequiredValue(output).FullName;
            if (!await client.FetchAsync($"api/v1/releases/{Uri.EscapeDataString(product)}/{Uri.EscapeDataString(version)}/evidence", file, cancellation))
            {
                throw new CommandFailedException($"the service has no release {product} {version}");
            }

            Output.Line($"evidence: {file}");
        });
        return command;
    }

    private static Command CreateEnd(string name, string resource, string description)
    {
        ReleaseIdentity release = new();
        Option<string> reason = new("--reason") { HelpName = "TEXT", Description = "Why; it is kept.", Required = true };
        Command command = new Command(name, description) { reason }.WithService(release);
        command.SetAction(async (parsed, cancellation) =>
        {
            using ServiceClient client = ServiceOptions.Connect(parsed);
            JsonElement request = await release.FindAsync(client, parsed, cancellation);
            Print(parsed, await client.PostAsync($"api/v1/requests/{request.GetProperty("id").GetString()}/{resource}", new { Reason = parsed.GetRequiredValue(reason) }, cancellation));
        });
        return command;
    }

    private static Dictionary<string, object?> Flatten(JsonElement request)
    {
        JsonElement asked = request.GetProperty("request");
        return s_columns.ToDictionary(
            static column => column,
            column => (object?)(column is "product" or "version" or "kind" ? asked.GetProperty(column) : request.GetProperty(column)),
            StringComparer.Ordinal);
    }
}
