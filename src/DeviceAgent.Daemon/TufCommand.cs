using System.CommandLine;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Fetching;

namespace Fota.DeviceAgent.Daemon;

/// <summary>
/// "fota-agent tuf": the agent's metadata workflow by itself, for any TUF 1.0.34 repository. Its interface is the one by which the TUF project's conformance
/// suite drives clients, exit codes included: 0 or 1.
/// </summary>
internal static class TufCommand
{
    public const string Name = "tuf";

    /// <summary>A wrong argument too is 1 here, not 2.</summary>
    public static int ExitCode(string[] args, int code) => args is [Name, ..] && code != 0 ? 1 : code;

    public static Command Create()
    {
        Option<string> metadataDir = new("--metadata-dir") { Description = "Where the trusted metadata lies.", Required = true, Recursive = true };
        Option<string> metadataUrl = new("--metadata-url") { Description = "Where the repository's metadata is; ends in '/'.", Recursive = true };
        Option<string[]> targetName = new("--target-name") { Description = "The path of a target; may be repeated.", Recursive = true };
        Option<string> targetDir = new("--target-dir") { Description = "Where targets are put.", Recursive = true };
        Option<string> targetBaseUrl = new("--target-base-url") { Description = "Where the repository's targets are; ends in '/'.", Recursive = true };
        Argument<string> rootFile = new("ROOT_FILE") { Description = "The root that is trusted from now on." };

        Command init = new("init", "Begins with a trusted root; without a network.") { rootFile };
        init.SetAction(result => WithClient(result.GetRequiredValue(metadataDir), client =>
        {
            client.Begin(File.ReadAllBytes(result.GetRequiredValue(rootFile)));
            return Task.CompletedTask;
        }));

        Command refresh = new("refresh", "Refreshes the trusted metadata.");
        refresh.SetAction((result, cancellation) => WithClient(
            result.GetRequiredValue(metadataDir),
            client => client.RefreshAsync(Url(result, metadataUrl), cancellation)));

        Command download = new("download", "Refreshes the trusted metadata, and fetches targets that it lists, in their order, up to the first that fails.");
        download.SetAction((result, cancellation) => WithClient(
            result.GetRequiredValue(metadataDir),
            client => client.DownloadAsync(Url(result, metadataUrl), Url(result, targetBaseUrl), Names(result, targetName), Text(result, targetDir), cancellation)));

        return new Command(Name, "Works as a client of any TUF repository. Exit code 0, or 1 when anything was refused or failed.")
        {
            metadataDir, metadataUrl, targetName, targetDir, targetBaseUrl, init, refresh, download,
        };
    }

    private static async Task<int> WithClient(string metadataDir, Func<TufClient, Task> use)
    {
        using HttpClient http = TufClient.CreateHttp();
        await use(new TufClient(metadataDir, http, TimeProvider.System));
        return 0;
    }

    private static string Text(ParseResult result, Option<string> option) => result.GetValue(option) is { Length: > 0 } text
        ? text
        : throw new SettingsException($"{option.Name}: wanted a value, got none");

    private static string[] Names(ParseResult result, Option<string[]> option) => result.GetValue(option) is { Length: > 0 } names
        ? names
        : throw new SettingsException($"{option.Name}: wanted at least one, got none");

    private static Uri Url(ParseResult result, Option<string> option)
    {
        string text = Text(result, option);
        return Uri.TryCreate(text.EndsWith('/') ? text : text + "/", UriKind.Absolute, out Uri? url) && url is { Scheme: "http" or "https" }
            ? url
            : throw new SettingsException($"{option.Name}: wanted an http or https URL, got {text}");
    }
}
