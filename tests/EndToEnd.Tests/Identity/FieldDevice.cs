using System.Text.Json;
using System.Text.Json.Nodes;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Storage;
using Fota.EndToEnd.Tests.Roles;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.Samples.Board;
using Fota.TestKit;

namespace Fota.EndToEnd.Tests.Identity;

/// <summary>A device in a folder of its own, as it left the factory, with the program fota-agent on it.</summary>
internal sealed class FieldDevice
{
    /// <summary>What a device to which nothing is assigned says of a server where nothing is published: it looks for a timestamp after each start, until there is one.</summary>
    public const string NothingIsPublished = "waiting: timestamp.json: the server has no such file\n";

    private readonly SignerSite _signer;
    private readonly string _folder;
    private readonly JsonObject _settings;

    private FieldDevice(SignerSite signer, string name, JsonObject key)
    {
        _signer = signer;
        Name = name;
        _folder = Directory.CreateDirectory(signer.Path($"devices/{name}")).FullName;
        _settings = new JsonObject
        {
            ["layout"] = key.ContainsKey("unsafeFile") ? "development" : "production",
            ["device"] = name,
            ["product"] = SignerSite.Product,
            ["vendorDomain"] = "pumps.example",
            ["className"] = "infusion-pump rev B",
            ["server"] = "https://127.0.0.1:1/",
            ["serverCa"] = "server-ca.pem",
            ["trustedRoot"] = "root.json",
            ["directory"] = "state",
            ["slotSize"] = 1024 * 1024,
            ["certificate"] = "device.pem",
            ["checkInSeconds"] = 1,
            ["hashBasedAnchors"] = "none",
            ["gates"] = "none",
            ["key"] = key,
        };
    }

    public string Name { get; }

    private string Config => Path("agent.json");

    /// <summary>Makes a device whose certificate is good for some days from now; its key is on a token, or in a file.</summary>
    public static async Task<FieldDevice> ManufactureAsync(SignerSite signer, string name, int days, bool onToken)
    {
        JsonObject key = new() { ["unsafeFile"] = "key.pem" };
        if (onToken)
        {
            signer.WritePins(name);
            key = new() { ["pkcs11Module"] = SoftHsm.ModulePath, ["tokenLabel"] = name, ["keyLabel"] = "device", ["pinFile"] = signer.Pin(name), ["soPinFile"] = signer.Path($"pins/{name}.so-pin") };
        }

        FieldDevice device = new(signer, name, key);
        File.Copy(System.IO.Path.Combine(signer.Repository, "metadata", "1.root.json"), device.Path("root.json"));
        device.Trust(await File.ReadAllTextAsync(signer.Path("home/ca/service-ca.pem")));
        device.Save();
        ProgramRun enrolled = await ProgramRun.OfFileAsync(Program, signer.Environment, "enrol", "--config", device.Config, "--out", device.Path("device.csr"));
        Assert.That(enrolled.ExitCode, Is.Zero, enrolled.Error);
        await signer.RunAsync("ca", "issue", "--home", signer.Home, "--profile", "device", "--csr", device.Path("device.csr"), "--out", device.Path("device.pem"), "--days", $"{days}", "--pin-file", signer.Pin("ca"));
        device.FillSlot();
        return device;
    }

    public string Path(string relative) => System.IO.Path.Combine(_folder, relative);

    /// <summary>What a release or a technician does: the server's CAs are these from now on.</summary>
    public void Trust(params string[] authorities) => File.WriteAllText(Path("server-ca.pem"), string.Concat(authorities));

    /// <summary>One check-in and what follows, with the clock that much ahead.</summary>
    public async Task<ProgramRun> CheckAsync(Uri server, TimeSpan ahead)
    {
        _settings["server"] = server.ToString();
        Save();
        return await At.RunAsync(ahead, _signer.Environment, Program, "check", "--config", Config);
    }

    public async Task<JsonElement> StatusAsync()
    {
        ProgramRun run = await ProgramRun.OfFileAsync(Program, _signer.Environment, "status", "--config", Config, "--json");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        return JsonSerializer.Deserialize<JsonElement>(run.Output);
    }

    public async Task<DateTimeOffset> CertificateEndsAsync() => (await StatusAsync()).GetProperty("certificate").GetProperty("expires").GetDateTimeOffset();

    private static string Program => System.IO.Path.Combine(AppContext.BaseDirectory, "Fota.DeviceAgent.Daemon");

    private void Save() => File.WriteAllText(Config, _settings.ToJsonString());

    private void FillSlot()
    {
        AgentSettings settings = AgentSettings.Load(Config);
        FileDurableStore store = new(settings.Directory);
        ReleaseAnchors anchors = ReleaseAnchors.Of(
            new RoleKeys(new[] { "release", "approver" }.Select(label => VerificationKey.FromPem(File.ReadAllText(_signer.Path($"home/keys/{label}.pem")))), 2), HashBasedAnchors.None);
        string envelope = Directory.GetFiles(System.IO.Path.Combine(_signer.Repository, "targets", SignerSite.Product, "1.0.0")).Single();
        Factory.Manufacture(settings.Directory, store, settings.Identity, anchors, _signer.Path("image"), envelope, settings.TrustedRoot);
        new BootFacts(SlotName.A, Trial: false, new InstalledRelease(Sha256Digest.Of("factory"u8), new SequenceNumber(1), ReleaseVersion.Parse("1.0.0"), new SecurityVersion(1))).Write(store);
    }
}
