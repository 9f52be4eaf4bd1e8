using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Spectre.Console;

namespace Fota.Samples.Demo;

/// <summary>
/// The whole chain, once: keys, a release, a canary rollout, a bad release that goes back by itself, and an attacker. Everything that is
/// claimed at the end was observed: on the server's API, in signed reports, and by asking the devices.
/// </summary>
public sealed class Demonstration(string programs, string plans, string directory) : IAsyncDisposable
{
    private const string Running = "running";
    private const int NotCompleted = 3; // of `fota rollout watch`
    private const int Fleet = 6;
    private const string First = "1.0.0", Good = "1.1.0", Bad = "1.2.0";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    private readonly List<DeviceSite> _devices = [];
    private readonly SignerSite _signer = new(programs, Clear(directory, "signer"));
    private readonly ServerSite _server = new(programs, Path.Combine(directory, "server"));
    private Service? _signing;
    private bool _keep;

    /// <summary>Plays all acts; gives 0 if everything was observed.</summary>
    public async Task<int> RunAsync(bool keep, CancellationToken cancellation)
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = 400; // a file needs no line breaks
        }

        await MakeImagesAsync(cancellation);
        Say("Ceremony: eight tokens, root keys 2 of 3, two keys for the product, a device CA, a log");
        await _signer.HoldCeremonyAsync(Path.Combine(plans, "ceremony.yaml"), cancellation);

        Say("Server: TLS key in its own token, certificate from the CA, no release key");
        await _server.StartAsync(_signer, cancellation);

        Say("Signing service: holds the online key and one key of the product; the approver's is on the approver's own token");
        _signing = await _signer.StartServiceAsync(_server.Address, _server.OperatorToken, cancellation);
        Operator operations = new(programs, _server.OperatorEnvironment(Path.Combine(_signer.Home, "ca", "service-ca.pem")));

        await ReleaseAsync(First, 1, operations, cancellation);
        Say($"Factory: {Fleet} pumps with {First}, keys in their tokens");
        await ManufactureAsync(cancellation);
        await WaitForFleetAsync(operations, "the fleet to report 1.0.0", static (_, d) => d.GetProperty("version").GetString() == First, cancellation);

        Say("Keys: a root key is replaced, and the product gets a second approver, while the pumps are in the field");
        await _signer.ReplaceKeysAsync(cancellation);
        await ReleaseAsync(Good, 1, operations, cancellation);
        await RollOutAsync(operations, cancellation);
        await ReleaseAsync(Bad, 1, operations, cancellation);
        JsonElement delta = await operations.WaitForDeltaAsync(Good, Bad, cancellation);
        Note($"the server made a delta pack for those on {Good}: {delta.GetProperty("size")} bytes, in place of {delta.GetProperty("full_size")}");
        BadOutcome bad = await RollOutBadAsync(operations, cancellation);
        Say("Audit: the log of all that the signer did, as the server serves it, checked by the first root alone");
        Note(await operations.AuditAsync(Path.Combine(_signer.Home, "repository", "metadata", "1.root.json"), cancellation));
        IReadOnlyList<AttackOutcome> refused = await AttackAsync(bad.Canary, cancellation);

        int onGood = await ShowFleetAsync(cancellation);
        if (keep)
        {
            await ReopenAsync(operations, cancellation);
            _keep = true;
        }

        Console.Out.WriteLine($"demo: {onGood} devices on {Good}, {Bad} rolled back and {bad.RolloutState}, {refused.Count} attacks refused");
        return onGood == Fleet && refused.Count == 3 ? 0 : 1;
    }

    /// <summary>Stops what was started, unless it is to be kept.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_keep)
        {
            return;
        }

        await Task.WhenAll(_devices.Select(static d => d.DisposeAsync().AsTask()));
        if (_signing is not null)
        {
            await _signing.DisposeAsync();
        }

        await _server.DisposeAsync();
    }

    /// <summary>Whom the bad release was tried on, and what became of its rollout.</summary>
    private sealed record BadOutcome(string Canary, string RolloutState);

    private static string Clear(string directory, string site)
    {
        string running = Path.Combine(directory, Running);
        if (File.Exists(running) && File.ReadAllText(running).Split(' ').Where(static pid => Directory.Exists($"/proc/{pid}")).ToArray() is { Length: > 0 } alive)
        {
            throw new DemoFailedException($"an earlier demonstration is still up in {directory}; stop it first: kill {string.Join(' ', alive)}");
        }

        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }

        return Path.Combine(directory, site);
    }

    private static void Say(string text) => AnsiConsole.MarkupLineInterpolated($"[bold]==[/] {text}");

    private static void Note(string text) => AnsiConsole.MarkupLineInterpolated($"   {text}");

    private string Image(string version) => Path.Combine(directory, "images", $"pump-{version}.img");

    private async Task MakeImagesAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.Combine(directory, "images"));
        Tool images = new(Path.Combine(programs, "samples", "images"), new Dictionary<string, string>(StringComparer.Ordinal));
        await images.RunAsync(cancellation, "--version", First, "--size", "3145728", "--out", Image(First));
        await images.RunAsync(cancellation, "--version", Good, "--size", "3211264", "--out", Image(Good));
        await images.RunAsync(cancellation, "--version", Bad, "--size", "3211264", "--health", "fail: flow sensor self-test", "--out", Image(Bad));
    }

    private async Task ReleaseAsync(string version, int securityVersion, Operator operations, CancellationToken cancellation)
    {
        Say($"Release {version}: asked for by the build machine, approved with the approver's own key, published");
        string digest = await _signer.CreateReleaseAsync(version, securityVersion, Image(version), cancellation);
        await _signer.ApproveReleaseAsync(version, digest, cancellation);
        await _signer.PublishReleaseAsync(version, cancellation);
        await operations.WaitForReleaseAsync(version, cancellation);
        Note($"manifest {digest}");
    }

    private async Task ManufactureAsync(CancellationToken cancellation)
    {
        for (int i = 1; i <= Fleet; i++)
        {
            string name = $"pump-{i:0000}";
            DeviceSite device = new(programs, Path.Combine(directory, "devices", name), name);
            await device.ManufactureAsync(_signer, _server.Address, Image(First), First, cancellation);
            device.PowerOn();
            _devices.Add(device);
        }
    }

    private static async Task RollOutAsync(Operator operations, CancellationToken cancellation)
    {
        Say($"Rollout of {Good}: one canary, then the rest");
        string id = await operations.StartRolloutAsync(Good, 1, cancellation);
        Note($"fota rollout watch {id}");
        Task<int> watch = operations.WatchAsync(id, Note, cancellation);
        bool seenWaiting = false;
        string first = await Waiting.ForAsync("the canary to confirm", s_patience, async () =>
        {
            JsonElement rollout = await operations.RolloutAsync(id, cancellation);
            JsonElement canary = rollout.GetProperty("stages")[0], rest = rollout.GetProperty("stages")[1];
            int confirmed = canary.GetProperty("confirmed").GetInt32(), granted = rest.GetProperty("granted").GetInt32();
            seenWaiting |= confirmed == 0 && granted == 0;
            return confirmed == 0 && granted > 0
                ? throw new DemoFailedException("the second stage began before the canary had confirmed its boot")
                : confirmed == 1 ? canary.GetProperty("name").GetString() : null;
        }, cancellation);
        Note(seenWaiting
            ? $"stage \"{first}\" confirmed its boot while nobody else was asked; the rest follows"
            : $"stage \"{first}\" confirmed its boot; the rest follows");
        await WaitForStateAsync(operations, id, "completed", cancellation);
        RequireExit(await watch, 0);
        await WaitForFleetAsync(operations, $"the fleet to confirm {Good}", static (_, d) => d.GetProperty("version").GetString() == Good, cancellation);
        Note($"all {Fleet} confirmed {Good}");
    }

    private static void RequireExit(int got, int wanted)
    {
        if (got != wanted)
        {
            throw new DemoFailedException($"fota rollout watch: wanted exit code {wanted}, got {got}");
        }
    }

    private async Task<BadOutcome> RollOutBadAsync(Operator operations, CancellationToken cancellation)
    {
        Say($"Rollout of {Bad}, which fails its self-test");
        Dictionary<string, string> before = _devices.ToDictionary(static d => d.Name, static d => d.Fingerprint(), StringComparer.Ordinal);
        string id = await operations.StartRolloutAsync(Bad, 1, cancellation);
        Note($"fota rollout watch {id}");
        Task<int> watch = operations.WatchAsync(id, Note, cancellation);
        JsonElement rollout = await WaitForStateAsync(operations, id, "aborted", cancellation);
        RequireExit(await watch, NotCompleted);
        Note($"rollout aborted: {rollout.GetProperty("reason").GetString()}");
        JsonElement stages = rollout.GetProperty("stages");
        if (stages[1].GetProperty("granted").GetInt32() != 0 || stages[0].GetProperty("failed").GetInt32() != 1)
        {
            throw new DemoFailedException($"wanted one failed canary and nobody else asked, got {stages.GetRawText()}");
        }

        string canary = stages[0].GetProperty("failed_devices")[0].GetString()!;
        JsonElement status = await _devices.Single(d => d.Name == canary).StatusAsync(cancellation);
        string version = status.GetProperty("version").GetString()!, failure = status.GetProperty("last_failure").GetProperty("reason").GetString()!;
        if (version != Good || failure is not ("HealthCheckFailed" or "TrialBootFailed"))
        {
            throw new DemoFailedException($"{canary}: wanted {Good} again after a trial boot that failed, got {version} after {failure}");
        }

        JsonElement transfer = status.GetProperty("last_transfer");
        if (transfer.GetProperty("kind").GetString() != "delta" || transfer.GetProperty("release").GetString() != Bad)
        {
            throw new DemoFailedException($"{canary}: wanted {Bad} as a delta, got {transfer.GetRawText()}");
        }

        Note($"{Bad} travelled as a delta: {transfer.GetProperty("bytes")} bytes for an image of {transfer.GetProperty("image_size")}");
        int untouched = _devices.Count(d => d.Fingerprint() == before[d.Name]);
        if (untouched != Fleet - 1)
        {
            throw new DemoFailedException($"wanted {Fleet - 1} devices untouched, got {untouched}");
        }

        Note($"{canary} went back to {version} by itself ({failure}); {untouched} devices stayed untouched, slots and boot record to the byte");
        return new BadOutcome(canary, rollout.GetProperty("state").GetString()!);
    }

    private async Task<IReadOnlyList<AttackOutcome>> AttackAsync(string canary, CancellationToken cancellation)
    {
        Say("An attacker has a server certificate, all that was published, one release key and the online key");
        await Task.WhenAll(_devices.Select(static d => d.PowerOffAsync()));
        await _server.StopAsync();
        using X509Certificate2 identity = await AttackerServer.TakeServerIdentityAsync(_signer, _signer.Site, cancellation);
        Attacks attacks = new(_signer, _server.Address.Port, identity);
        DeviceSite[] victims = [.. _devices.Where(d => d.Name != canary)];
        List<AttackOutcome> outcomes =
        [
            await attacks.ReplayAsync(victims[0], First, cancellation),
            await attacks.FlipBitAsync(victims[1], Bad, cancellation),
            await attacks.ForgeWithOneKeyAsync(victims[2], cancellation),
        ];
        foreach (AttackOutcome outcome in outcomes)
        {
            Note($"{outcome.Name}: {outcome.Victim} refused: {outcome.Refusal.Reason}: {outcome.Refusal.Detail}");
        }

        return outcomes;
    }

    private async Task<int> ShowFleetAsync(CancellationToken cancellation)
    {
        Table table = new() { Border = TableBorder.Rounded };
        string[] columns = ["device", "version", "slot", "floor", "state"];
        table.AddColumns(columns).AddColumns("last update", "bytes fetched", "image size");
        int onGood = 0;
        foreach (DeviceSite device in _devices)
        {
            JsonElement status = await device.StatusAsync(cancellation);
            JsonElement transfer = status.GetProperty("last_transfer");
            string[] fetched = [$"{transfer.GetProperty("release")}, {transfer.GetProperty("kind")}", transfer.GetProperty("bytes").ToString(), transfer.GetProperty("image_size").ToString()];
            table.AddRow([.. columns.Select(c => Markup.Escape(status.GetProperty(c).ToString())), .. fetched]);
            onGood += status.GetProperty("version").GetString() == Good ? 1 : 0;
        }

        AnsiConsole.Write(table);
        return onGood;
    }

    private async Task ReopenAsync(Operator operations, CancellationToken cancellation)
    {
        await _server.RestartAsync(cancellation);
        _devices.ForEach(static d => d.PowerOn());
        await File.WriteAllTextAsync(Path.Combine(directory, Running), string.Join(' ', ProcessIds()), cancellation);
        Console.Out.WriteLine("The server, the online signer and the devices are up. Look around with:");
        foreach ((string name, string value) in operations.Environment)
        {
            Console.Out.WriteLine($"  export {name}={value}");
        }

        Console.Out.WriteLine($"""
              dist/fota device list
              dist/fota rollout list
              dist/fota catalog
              dist/fota manifest show {_signer.EnvelopeOf(Good)}
              PIN=$(cat {_signer.Pin("release")}) SOFTHSM2_CONF={_signer.Site.Path("softhsm2.conf")} pkcs11-tool --module {Site.Module} --token-label release --list-objects --login --pin env:PIN
            Stop everything with:
              kill {string.Join(' ', ProcessIds())}
            """);
    }

    private IEnumerable<int> ProcessIds() => _devices.Select(static d => d.ProcessId).Append(_server.ProcessId).Append(_signing!.ProcessId);

    private static Task<JsonElement[]> WaitForFleetAsync(Operator operations, string what, Func<string, JsonElement, bool> holds, CancellationToken cancellation) =>
        Waiting.ForAsync(what, s_patience, async () =>
        {
            JsonElement[] devices = [.. (await operations.DevicesAsync(cancellation)).EnumerateArray()];
            return devices.Length == Fleet && devices.All(d => holds(d.GetProperty("device").GetString()!, d)) ? devices : null;
        }, cancellation);

    private static async Task<JsonElement> WaitForStateAsync(Operator operations, string id, string state, CancellationToken cancellation) =>
        (await Waiting.ForAsync($"rollout {id} to be {state}", s_patience, async () =>
        {
            JsonElement rollout = await operations.RolloutAsync(id, cancellation);
            string now = rollout.GetProperty("state").GetString()!;
            return now == state ? new[] { rollout }
                : now is "completed" or "aborted" ? throw new DemoFailedException($"rollout {id}: wanted {state}, got {now}")
                : null;
        }, cancellation))[0];
}
