using System.CommandLine;
using System.Text.Json;
using Fota.Manifest;

namespace Fota.Cli.Signing;

/// <summary>The options of every command that speaks to a signing service.</summary>
internal static class ServiceOptions
{
    private const string Variable = "FOTA_SIGNING_SERVICE";

    public static readonly Option<FileInfo?> Identity = new("--service") { HelpName = "FILE", Description = $"How to reach the signing service, and as whom (JSON; or {Variable})." };

    public static readonly Option<bool> AsJson = new("--json") { Description = "Print what the service answers, as JSON." };

    /// <summary>Adds what every such command has.</summary>
    public static Command WithService(this Command command, ReleaseIdentity? release = null)
    {
        if (release is not null)
        {
            command.Add(release.Product);
            command.Add(release.Version);
        }

        command.Add(Identity);
        command.Add(AsJson);
        return command;
    }

    /// <summary>Which time the same is asked for.</summary>
    public static Option<int> Attempt()
    {
        Option<int> attempt = new("--attempt") { HelpName = "N", Description = "Raise it to ask once more for the same, after a rejection (default: 1).", DefaultValueFactory = static _ => 1 };
        attempt.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("--attempt: wanted at least 1.");
            }
        });
        return attempt;
    }

    /// <summary>A client of the service.</summary>
    public static ServiceClient Connect(ParseResult parsed) => ServiceIdentity.Read(FileOf(parsed)).Connect();

    /// <summary>The file that says how to reach it.</summary>
    public static string FileOf(ParseResult parsed) => parsed.GetValue(Identity)?.FullName
        ?? (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } file ? file : throw new CommandFailedException($"wanted --service or {Variable}, got neither"));
}

/// <summary>Which release a command is about.</summary>
internal sealed class ReleaseIdentity
{
    public Option<string> Product { get; } = new("--product") { HelpName = "PRODUCT", Description = "The product.", Required = true };

    public Option<string> Version { get; } = new("--version") { HelpName = "VERSION", Description = "The release's version, for example 1.2.0.", Required = true };

    /// <summary>The newest request for it.</summary>
    public async Task<JsonElement> FindAsync(ServiceClient client, ParseResult parsed, CancellationToken cancellation)
    {
        string product = parsed.GetRequiredValue(Product), version = parsed.GetRequiredValue(Version);
        JsonElement found = (await client.GetAsync("api/v1/requests", cancellation)).EnumerateArray()
            .FirstOrDefault(request => request.GetProperty("request").GetProperty("product").ValueEquals(product) && request.GetProperty("request").GetProperty("version").ValueEquals(version));
        return found.ValueKind == JsonValueKind.Object ? found : throw new CommandFailedException($"there is no request for {product} {version}");
    }

    /// <summary>Asks for something that needs no files, and waits until it is prepared.</summary>
    public async Task AskAsync(ParseResult parsed, string kind, Option<int> attempt, Action<Dictionary<string, object?>> complete, CancellationToken cancellation)
    {
        using ServiceClient client = ServiceOptions.Connect(parsed);
        Dictionary<string, object?> request = Begin(parsed, kind, parsed.GetValue(attempt));
        complete(request);
        JsonElement answer = await client.PostAsync("api/v1/requests", request.Where(static member => member.Value is not null).ToDictionary(), cancellation);
        ReleaseCommands.Print(parsed, await Preparation.WaitAsync(client, answer, cancellation));
    }

    /// <summary>What every request says. The first attempt is not said, so that asking twice is asking once.</summary>
    public Dictionary<string, object?> Begin(ParseResult parsed, string kind, int attempt) => new(StringComparer.Ordinal)
    {
        ["kind"] = kind,
        ["product"] = parsed.GetRequiredValue(Product),
        ["version"] = ReleaseVersion.Parse(parsed.GetRequiredValue(Version)).ToString(),
        ["attempt"] = attempt == 1 ? null : attempt,
    };
}
