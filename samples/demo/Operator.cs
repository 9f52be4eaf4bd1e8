using System.Text.Json;

namespace Fota.Samples.Demo;

/// <summary>The person at operations, who types `fota`.</summary>
public sealed class Operator(string programs, IReadOnlyDictionary<string, string> environment)
{
    private readonly Tool _fota = new(Path.Combine(programs, "fota"), environment);

    /// <summary>What `fota` needs in its environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; } = environment;

    /// <summary>Published releases.</summary>
    public Task<JsonElement> CatalogAsync(CancellationToken cancellation) => AskAsync(cancellation, "catalog");

    /// <summary>Known devices.</summary>
    public Task<JsonElement> DevicesAsync(CancellationToken cancellation) => AskAsync(cancellation, "device", "list");

    /// <summary>Waits until the server has made the delta pack that makes one release of another; gives what it says of it.</summary>
    public async Task<JsonElement> WaitForDeltaAsync(string from, string to, CancellationToken cancellation) => (await Waiting.ForAsync($"a delta pack from {from} to {to}", TimeSpan.FromMinutes(2), async () =>
    {
        JsonElement[] made = [.. (await AskAsync(cancellation, "pack", "list")).EnumerateArray().Where(p =>
            p.GetProperty("base_version").GetString() == from && p.GetProperty("version").GetString() == to && p.GetProperty("state").GetString() == "made")];
        return made.Length == 0 ? null : made;
    }, cancellation))[0];

    /// <summary>One rollout.</summary>
    public Task<JsonElement> RolloutAsync(string id, CancellationToken cancellation) => AskAsync(cancellation, "rollout", "show", id);

    /// <summary>Plans and starts a rollout of some canaries and the rest; gives its id.</summary>
    public async Task<string> StartRolloutAsync(string version, int canaries, CancellationToken cancellation)
    {
        JsonElement draft = await AskAsync(cancellation, "rollout", "create", "--product", SignerSite.Product, "--version", version, "--canary", $"{canaries}", "--abort-after", "1");
        string id = draft.GetProperty("id").ToString();
        await AskAsync(cancellation, "rollout", "start", id);
        return id;
    }

    /// <summary>Has a rollout drawn until it is over, line by line; gives the exit code, which is 0 for one that completed.</summary>
    public Task<int> WatchAsync(string id, Action<string> line, CancellationToken cancellation) => _fota.FollowAsync(line, cancellation, "rollout", "watch", id, "--every", "1");

    /// <summary>Ends a rollout.</summary>
    public Task AbortRolloutAsync(string id, CancellationToken cancellation) => AskAsync(cancellation, "rollout", "abort", id);

    /// <summary>Has the whole of the signer's log checked as the server serves it, by a root alone; gives what was found.</summary>
    public async Task<string> AuditAsync(string root, CancellationToken cancellation) => (await _fota.RunAsync(
        cancellation, "audit", "verify", $"{Environment["FOTA_SERVER"].TrimEnd('/')}/repo/", "--root", root, "--server-ca", Environment["FOTA_SERVER_CA"])).Trim();

    /// <summary>Waits until the server offers a release.</summary>
    public Task WaitForReleaseAsync(string version, CancellationToken cancellation) => Waiting.ForAsync($"release {version} on the server", TimeSpan.FromSeconds(30),
        async () => (await CatalogAsync(cancellation)).EnumerateArray().Any(r => r.GetProperty("version").GetString() == version) ? version : null, cancellation);

    private async Task<JsonElement> AskAsync(CancellationToken cancellation, params string[] words) =>
        JsonSerializer.Deserialize<JsonElement>(await _fota.RunAsync(cancellation, [.. words, "--json"]));
}
