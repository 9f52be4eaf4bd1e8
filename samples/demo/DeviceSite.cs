using System.Security.Cryptography;
using System.Text.Json;

namespace Fota.Samples.Demo;

/// <summary>One pump: a board with a boot ROM, two slots, a token for its identity, and the agent.</summary>
public sealed class DeviceSite : IAsyncDisposable
{
    private readonly string _programs;
    private Service? _board;

    /// <summary>Prepares the folder of device <paramref name="name"/>.</summary>
    public DeviceSite(string programs, string directory, string name)
    {
        _programs = programs;
        Name = name;
        Site = new Site(directory);
    }

    /// <summary>The device's id.</summary>
    public string Name { get; }

    /// <summary>Token and folder.</summary>
    public Site Site { get; }

    /// <summary>Bytes of each slot.</summary>
    public int SlotSize { get; init; } = 8 * 1024 * 1024;

    private Tool Agent => new(Path.Combine(_programs, "fota-agent"), Site.Environment);

    private Tool Board => new(Path.Combine(_programs, "samples", "board"), Site.Environment);

    /// <summary>What the factory does: identity, anchors, first image.</summary>
    public async Task ManufactureAsync(SignerSite signer, Uri server, string image, string version, CancellationToken cancellation)
    {
        Site.MakePin("device.pin");
        Site.MakePin("device.so-pin");
        File.Copy(Path.Combine(signer.Home, "repository", "metadata", "1.root.json"), Site.Path("root.json"));
        File.Copy(Path.Combine(signer.Home, "ca", "service-ca.pem"), Site.Path("service-ca.pem"));
        File.Copy(Path.Combine(signer.Home, "keys", "release.pem"), Site.Path("release.pem"));
        File.Copy(Path.Combine(signer.Home, "keys", "approver.pem"), Site.Path("approver.pem"));
        await File.WriteAllTextAsync(Site.Path("agent.json"), JsonSerializer.Serialize(new
        {
            layout = "production",
            device = Name,
            product = SignerSite.Product,
            vendorDomain = "pumps.example",
            className = "infusion-pump rev B",
            server = server.ToString(),
            serverCa = "service-ca.pem",
            trustedRoot = "root.json",
            directory = "state",
            slotSize = SlotSize,
            certificate = "device.pem",
            checkInSeconds = 1,
            hashBasedAnchors = "none",
            gates = "none",
            key = new { pkcs11Module = Site.Module, tokenLabel = "device", keyLabel = "device", pinFile = "device.pin", soPinFile = "device.so-pin" },
        }), cancellation);
        await File.WriteAllTextAsync(Site.Path("board.json"), JsonSerializer.Serialize(new { agentConfig = "agent.json", anchors = new[] { "release.pem", "approver.pem" }, threshold = 2, hashBasedAnchors = "none" }), cancellation);
        await Agent.RunAsync(cancellation, "enrol", "--config", Site.Path("agent.json"), "--out", Site.Path("device.csr"));
        await signer.IssueAsync("device", Site.Path("device.csr"), Site.Path("device.pem"), cancellation);
        await Board.RunAsync(cancellation, "manufacture", "--config", Site.Path("board.json"), "--image", image, "--envelope", signer.EnvelopeOf(version));
    }

    /// <summary>Switches the board on.</summary>
    public void PowerOn() => _board = Board.StartService(Site.Path("board.log"), "power-on", "--config", Site.Path("board.json"), "--agent", Path.Combine(_programs, "fota-agent"));

    /// <summary>The board's process id while it is on.</summary>
    public int ProcessId => _board!.ProcessId;

    /// <summary>Switches it off.</summary>
    public async Task PowerOffAsync()
    {
        if (_board is not null)
        {
            await _board.DisposeAsync();
            _board = null;
        }
    }

    /// <summary>A digest of both slots, their envelopes and the boot record: it changes when anything of them is written.</summary>
    public string Fingerprint()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string[] files = [.. new[] { "slots", "boot" }.SelectMany(folder => Directory.GetFiles(Site.Path("state", folder))).Order(StringComparer.Ordinal)];
        foreach (string file in files)
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(file));
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(file)));
        }

        return files.Length >= 4 ? Convert.ToHexString(hash.GetHashAndReset()) : throw new DemoFailedException($"{Name}: wanted slots and boot record, got {files.Length} files");
    }

    /// <summary>What the device says of itself.</summary>
    public async Task<JsonElement> StatusAsync(CancellationToken cancellation) =>
        JsonSerializer.Deserialize<JsonElement>(await Agent.RunAsync(cancellation, "status", "--config", Site.Path("agent.json"), "--json"));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await PowerOffAsync();
}
