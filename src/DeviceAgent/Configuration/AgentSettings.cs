using Fota.DeviceAgent.Gates;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Configuration;

/// <summary>What a device's agent is told by its configuration file, agent.json. Paths in it are relative to the file.</summary>
internal sealed record AgentSettings
{
    /// <summary>Who the device is.</summary>
    public required DeviceIdentity Identity { get; init; }

    /// <summary>The server, ending in '/'; always HTTPS.</summary>
    public required Uri Server { get; init; }

    /// <summary>PEM file with the certificate authorities of the server, one or, while they change, two; no other is trusted.</summary>
    public required string ServerCa { get; init; }

    /// <summary>The TUF root that the device is born with.</summary>
    public required string TrustedRoot { get; init; }

    /// <summary>The hash-based keys that a release has to be signed by as well, or that there are none.</summary>
    public required HashBasedAnchors HashBased { get; init; }

    /// <summary>Where the device keeps slots and state.</summary>
    public required string Directory { get; init; }

    /// <summary>The device's certificate, PEM.</summary>
    public required string Certificate { get; init; }

    /// <summary>PEM file with the authorities that may certify this device; null: the one that certified it before, and no other.</summary>
    public string? DeviceCa { get; init; }

    /// <summary>The shortest time between two check-ins.</summary>
    public required TimeSpan CheckInFloor { get; init; }

    /// <summary>Where the device's key is.</summary>
    public required KeySettings Key { get; init; }

    /// <summary>Where the boot record is.</summary>
    public required BootSettings Boot { get; init; }

    /// <summary>Makes the gates that are asked before each step of an update, of the device's store and a clock.</summary>
    public required Func<IDurableStore, TimeProvider, IReadOnlyList<IInstallGate>> Gates { get; init; }

    /// <summary>What a trial boot has to pass.</summary>
    public required HealthSettings Health { get; init; }

    /// <summary>How it uses its network.</summary>
    public NetworkSettings Network { get; init; } = NetworkSettings.Default;

    /// <summary>Reads the file.</summary>
    /// <exception cref="SettingsException">It is missing, incomplete, or asks for what its layout forbids.</exception>
    public static AgentSettings Load(string path) => SettingsFile.Load(path, Read);

    private static AgentSettings Read(SettingsFile file)
    {
        file.AllowOnly("layout", "device", "product", "vendorDomain", "className", "server", "serverCa", "trustedRoot", "directory", "slotSize", "certificate", "deviceCa", "checkInSeconds", "key", BootSettings.Member, HashBasedSettings.Member, GateSettings.Member, HealthSettings.Member, NetworkSettings.Member);
        bool production = file.Text("layout") switch
        {
            "production" => true,
            "development" => false,
            _ => throw file.Wrong("layout", "\"production\" or \"development\""),
        };
        return new AgentSettings
        {
            Identity = DeviceIdentity.From(
                file.Text("device"),
                ProductName.TryParse(file.Text("product"), out ProductName? product) ? product : throw file.Wrong("product", "a product name"),
                file.Text("vendorDomain"),
                file.Text("className"),
                file.Number("slotSize", 4096, long.MaxValue)),
            Server = file.HttpsAddress("server"),
            ServerCa = file.FilePath("serverCa"),
            TrustedRoot = file.FilePath("trustedRoot"),
            HashBased = HashBasedSettings.Read(file),
            Directory = file.FilePath("directory"),
            Certificate = file.FilePath("certificate"),
            DeviceCa = file.Has("deviceCa") ? file.FilePath("deviceCa") : null,
            CheckInFloor = TimeSpan.FromSeconds(file.Number("checkInSeconds", 1, 7 * 24 * 3600)),
            Key = KeySettings.Read(file.Section("key"), production),
            Boot = BootSettings.Read(file),
            Gates = GateSettings.Read(file),
            Health = HealthSettings.Read(file),
            Network = NetworkSettings.Read(file),
        };
    }
}
