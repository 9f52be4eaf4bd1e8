using System.Diagnostics;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests;

/// <summary>fota-server as a process.</summary>
public sealed class ProgramTests
{
    [Test]
    public async Task Help_and_version_are_answered()
    {
        Assert.That(await RunAsync("--help"), Is.EqualTo((0, "", true)));
        Assert.That(await RunAsync("--version"), Is.EqualTo((0, "", true)));
    }

    [Test]
    public async Task A_wrong_argument_is_one_line_and_exit_code_2()
    {
        (int code, string error, _) = await RunAsync("run", "--confg", "x");
        Assert.That(code, Is.EqualTo(2));
        Assert.That(error.TrimEnd('\n'), Does.Not.Contain('\n'));
    }

    [Test]
    public async Task A_failure_is_one_line_and_exit_code_1()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("fota-program-");
        string config = Path.Combine(folder.FullName, "server.json");
        File.WriteAllText(config, """{"layout":"production"}""");
        (int code, string error, _) = await RunAsync("run", "--config", config);
        folder.Delete(recursive: true);
        Assert.That(code, Is.EqualTo(1));
        Assert.That(error.TrimEnd('\n'), Does.EndWith("listen: wanted, got none").And.Not.Contain('\n'));
    }

    [Test]
    public async Task Run_says_where_it_listens_and_stops_when_told()
    {
        await using ServerUnderTest prepared = await ServerUnderTest.StartAsync();
        await prepared.StopAsync();
        string config = prepared.PathOf("server.json");
        File.WriteAllText(config, """
            {"layout":"development","listen":"127.0.0.1:0","data":"data","trustedRoot":"root.json","deviceCa":"device-ca.pem","tls":{"certificate":"server.pem","unsafeKeyFile":"server.key"}}
            """);
        using Process server = Start("run", "--config", config);
        string? line = await server.StandardOutput.ReadLineAsync();
        Assert.That(line, Does.Match("^listening on https://127\\.0\\.0\\.1:[0-9]+$"));
        using (HttpClient client = prepared.Client(null, new Uri(line!["listening on ".Length..])))
        {
            Assert.That(await client.GetStringAsync("/health"), Is.EqualTo("""{"status":"ok"}"""));
        }

        using Process kill = Process.Start("kill", ["-TERM", $"{server.Id}"]);
        await server.WaitForExitAsync();
        Assert.That(server.ExitCode, Is.Zero);
        Assert.That(await server.StandardOutput.ReadToEndAsync(), Is.Empty);
    }

    private static async Task<(int Code, string Error, bool Spoke)> RunAsync(params string[] arguments)
    {
        using Process process = Start(arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, error, (await output).Length > 0);
    }

    private static Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo("dotnet", [typeof(FotaServer).Assembly.Location, .. arguments])
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}
