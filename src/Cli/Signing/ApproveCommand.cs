using System.CommandLine;
using System.Text.Json;

namespace Fota.Cli.Signing;

/// <summary>
/// `fota release approve`: fetches the draft and the repository's metadata, has `fota-signer approval sign` check and sign them on this machine, and brings the
/// signatures to the service. PINs and tokens are known to the signer's own process alone.
/// </summary>
internal static class ApproveCommand
{
    public static Command Create()
    {
        ReleaseIdentity release = new();
        Option<DirectoryInfo> home = new("--home") { HelpName = "DIR", Description = "Your approver's home, as `fota-signer approval home` made it.", Required = true };
        Option<string> digest = new("--manifest-digest") { HelpName = "DIGEST", Description = "The manifest that you mean to approve, as its author told you.", Required = true };
        Option<string?> gates = new("--override-gates") { HelpName = "GATES", Description = "The gates that the release may pass although they are closed. Has to be said of a release that may." };
        Option<string?> key = new("--as") { HelpName = "KEY", Description = "The label of your key (default: approver)." };
        Option<FileInfo?> pinFile = new("--pin-file") { HelpName = "FILE", Description = "The PIN of your token, mode 0600. Else the variable FOTA_PIN_<TOKEN> is asked." };
        Command command = new Command("approve", "Checks what is asked for as a device would, signs it with your own key on your own token, and brings the signatures to the service.") { home, digest, gates, key, pinFile }.WithService(release);
        command.SetAction(async (parsed, cancellation) =>
        {
            using ServiceClient client = ServiceOptions.Connect(parsed);
            JsonElement request = await release.FindAsync(client, parsed, cancellation);
            string id = request.GetProperty("id").GetString()!;
            DirectoryInfo package = Directory.CreateTempSubdirectory("fota-approval-");
            try
            {
                string wanted = parsed.GetRequiredValue(digest), approval = Path.Combine(package.FullName, "approval.json");
                bool isWithdrawal = request.GetProperty("request").GetProperty("kind").ValueEquals("withdrawal");
                await Package.FetchAsync(client, request, isWithdrawal, package.FullName, cancellation);
                await LocalSigner.RunAsync(
                    [
                        "approval", "sign", "--home", parsed.GetRequiredValue(home).FullName, "--package", package.FullName, "--out", approval,
                        "--product", parsed.GetRequiredValue(release.Product), "--version", parsed.GetRequiredValue(release.Version), "--manifest-digest", wanted,
                        .. isWithdrawal ? (string[])["--withdrawal"] : [],
                        .. parsed.GetValue(gates) is { } opened ? (string[])["--override-gates", opened] : [],
                        .. parsed.GetValue(key) is { } label ? (string[])["--as", label] : [],
                        .. parsed.GetValue(pinFile) is { } pin ? (string[])["--pin-file", pin.FullName] : [],
                    ],
                    cancellation);
                ReleaseCommands.Print(parsed, await client.PostFileAsync($"api/v1/requests/{id}/approval", approval, cancellation));
            }
            finally
            {
                package.Delete(recursive: true);
            }
        });
        return command;
    }
}

/// <summary>What the signer of this machine needs in order to check what is asked for.</summary>
internal static class Package
{
    private const int MaxRoots = 1024, MaxRoles = 8192;

    private static readonly string[] s_draft = ["manifest.suit", "chunk-table", "pack", "chunk-table-1", "pack-1", "sbom.json"];

    /// <summary>Fetches it into a folder. Nothing of it is believed here.</summary>
    public static async Task FetchAsync(ServiceClient client, JsonElement request, bool isWithdrawal, string folder, CancellationToken cancellation)
    {
        string stateFile = Path.Combine(folder, "state.json"), product = request.GetProperty("request").GetProperty("product").GetString()!;
        await DemandAsync(client, "api/v1/repository/state", stateFile, cancellation);
        JsonElement state = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllBytesAsync(stateFile, cancellation));
        long roots = state.GetProperty("root").GetInt64();
        if (roots > MaxRoots || state.GetProperty("delegated").EnumerateObject().Count() > MaxRoles)
        {
            throw new CommandFailedException($"the service's repository: wanted at most {MaxRoots} roots and {MaxRoles} roles, got more");
        }

        List<string> files = [$"{state.GetProperty("targets").GetInt64()}.targets.json"];
        for (long version = 1; version <= roots; version++)
        {
            files.Add($"{version}.root.json");
        }

        files.AddRange(state.GetProperty("delegated").EnumerateObject()
            .Where(role => string.Equals(role.Name, product, StringComparison.Ordinal) || role.Name.StartsWith($"{product}.", StringComparison.Ordinal))
            .Select(static role => $"{role.Value.GetInt64()}.{role.Name}.json"));
        foreach (string file in files)
        {
            await DemandAsync(client, $"api/v1/repository/metadata/{file}", Path.Combine(folder, "metadata", Path.GetFileName(file)), cancellation);
        }

        string id = request.GetProperty("id").GetString()!;
        if (isWithdrawal)
        {
            await FetchReleaseAsync(client, product, request.GetProperty("request").GetProperty("version").GetString()!, files[^1], folder, cancellation);
            return;
        }

        foreach (string file in s_draft)
        {
            if (!await client.FetchAsync($"api/v1/requests/{id}/draft/{file}", Path.Combine(folder, "draft", file), cancellation) && file is not ("chunk-table-1" or "pack-1" or "sbom.json"))
            {
                throw new CommandFailedException($"the service has no {file} for request {id}: it is {request.GetProperty("state").GetString()}");
            }
        }
    }

    private static async Task FetchReleaseAsync(ServiceClient client, string product, string version, string role, string folder, CancellationToken cancellation)
    {
        string path = $"{product}/{version}/manifest.suit";
        foreach (string file in Directory.EnumerateFiles(Path.Combine(folder, "metadata"), $"*{product}*.json"))
        {
            JsonElement targets = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllBytesAsync(file, cancellation)).GetProperty("signed").GetProperty("targets");
            if (targets.TryGetProperty(path, out JsonElement target))
            {
                string digest = target.GetProperty("hashes").GetProperty("sha256").GetString()!;
                await DemandAsync(client, $"api/v1/repository/targets/{product}/{version}/{digest}.manifest.suit", Path.Combine(folder, "release", "manifest.suit"), cancellation);
                return;
            }
        }

        throw new CommandFailedException($"{role}: {product} {version} is not published");
    }

    private static async Task DemandAsync(ServiceClient client, string path, string file, CancellationToken cancellation)
    {
        if (!await client.FetchAsync(path, file, cancellation))
        {
            throw new CommandFailedException($"the service has no {path}");
        }
    }
}
