using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.Simulation;

/// <summary>A folder with the configuration of one device, whose key is on a token of its own, and the programs fota-agent and board.</summary>
internal sealed class InstalledPrograms : IDisposable
{
    private readonly SoftHsm _hsm = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-programs-");

    public InstalledPrograms(string server, string serverCaPem)
    {
        WriteSecret("pin", RandomNumberGenerator.GetHexString(12));
        WriteSecret("so-pin", RandomNumberGenerator.GetHexString(12));
        File.WriteAllText(PathOf("service-ca.pem"), serverCaPem);
        Settings = new JsonObject
        {
            ["layout"] = "production",
            ["device"] = FleetServer.DeviceName,
            ["product"] = "infusion-pump",
            ["vendorDomain"] = "pumps.example",
            ["className"] = "infusion-pump rev B",
            ["server"] = server,
            ["serverCa"] = "service-ca.pem",
            ["trustedRoot"] = "root.json",
            ["directory"] = "device",
            ["slotSize"] = SimulatedDevice.SlotSize,
            ["certificate"] = "device.pem",
            ["checkInSeconds"] = 1,
            ["hashBasedAnchors"] = "none",
            ["gates"] = "none",
            ["key"] = new JsonObject
            {
                ["pkcs11Module"] = SoftHsm.ModulePath,
                ["tokenLabel"] = "device",
                ["keyLabel"] = "device",
                ["pinFile"] = "pin",
                ["soPinFile"] = "so-pin",
            },
        };
        Save();
    }

    public JsonObject Settings { get; }

    /// <summary>Further environment variables of programs that start from now on.</summary>
    public IDictionary<string, string> Environment { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public string AgentConfig => PathOf("agent.json");

    /// <summary>The agent as it is shipped, unless it was built anew since: it is compiled ahead of time, and starts in a hundredth of the time.</summary>
    public static string AgentProgram { get; } = Newer(RepositoryRoot.Path("dist", "fota-agent"), Program("Fota.DeviceAgent.Daemon"));

    public static string BoardProgram => Program("Fota.Samples.Board");

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    public void Save() => File.WriteAllText(AgentConfig, Settings.ToJsonString());

    public void WriteSecret(string name, string content)
    {
        File.WriteAllText(PathOf(name), content + "\n");
        File.SetUnixFileMode(PathOf(name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public Process Start(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[SoftHsm.ConfigurationVariable] = _hsm.ConfigurationPath;
        foreach ((string name, string value) in Environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Runs a program to its end.</summary>
    public async Task<(int ExitCode, string Output, string Error)> RunAsync(string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        _hsm.Dispose();
    }

    private static string Newer(string shipped, string built) =>
        File.Exists(shipped) && File.GetLastWriteTimeUtc(shipped) > Directory.GetFiles(Path.GetDirectoryName(built)!, "*.dll").Max(File.GetLastWriteTimeUtc) ? shipped : built;

    // artifacts/bin/<project>/<configuration>/<project>
    public static string Program(string project)
    {
        DirectoryInfo configuration = new(AppContext.BaseDirectory.TrimEnd('/'));
        return Path.Combine(configuration.Parent!.Parent!.FullName, project, configuration.Name, project);
    }
}
