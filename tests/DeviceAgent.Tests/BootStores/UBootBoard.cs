using Fota.DeviceAgent.Boot.Variables;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.BootStores;

/// <summary>A folder with a redundant U-Boot environment in two files, made by fw_setenv, and the configuration that fw_printenv and the agent share.</summary>
internal sealed class UBootBoard : IDisposable
{
    public const int Size = 0x1000;

    private readonly string _folder = Directory.CreateTempSubdirectory("fota-uboot-").FullName;

    private UBootBoard()
    {
        foreach (string copy in Copies)
        {
            File.WriteAllBytes(copy, new byte[Size]);
        }

        File.WriteAllText(Config, string.Concat(Copies.Select(static copy => $"{copy} 0x0 0x{Size:x}\n")));
    }

    public string Config => Path.Combine(_folder, "fw_env.config");

    public string[] Copies => [Path.Combine(_folder, "env.0"), Path.Combine(_folder, "env.1")];

    public UBootEnvironmentFile Environment => new(FwEnvConfig.Load(Config));

    public EnvironmentBootRecords Records => new(Environment);

    /// <summary>With the default environment of a board: slot A confirmed, B empty, and what U-Boot itself has there.</summary>
    public static async Task<UBootBoard> CreateAsync()
    {
        UBootBoard board = new();
        string defaults = Path.Combine(board._folder, "defaults");
        await File.WriteAllTextAsync(defaults, "bootcmd=run fota_boot; reset\nbaudrate=115200\nBOOT_ORDER=A\nBOOT_A_LEFT=0\nBOOT_A_OK=1\nBOOT_B_LEFT=0\nBOOT_B_OK=0\n");
        await board.ToolAsync("fw_setenv", "-f", defaults, "ethaddr", "52:54:00:12:34:56");
        return board;
    }

    public async Task SetAsync(string name, string value) => await ToolAsync("fw_setenv", name, value);

    public async Task RemoveAsync(string name) => await ToolAsync("fw_setenv", name);

    public async Task<string> PrintAsync(string name) => (await ToolAsync("fw_printenv", name)).TrimEnd('\n');

    public async Task<string[]> PrintAllAsync() => (await ToolAsync("fw_printenv")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<string> ToolAsync(string tool, params string[] arguments)
    {
        ProgramRun run = await ProgramRun.OfFileAsync(tool, null, ["-c", Config, .. arguments]);
        Assert.That(run.ExitCode, Is.Zero, $"{tool}: {run.Error}");
        return run.Output;
    }
}
