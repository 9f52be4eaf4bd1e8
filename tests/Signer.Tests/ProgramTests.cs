using System.Diagnostics;
using Fota.TestKit;

namespace Fota.Signer.Tests;

/// <summary>The program as a process: exit codes, its environment, and signals.</summary>
[TestFixture]
public sealed class ProgramTests
{
    private static readonly string s_program = Path.Combine(AppContext.BaseDirectory, "Fota.Signer.dll");

    [TestCase("--no-such-option")]
    [TestCase("no-such-command")]
    [TestCase("release", "create", "--home", "x", "--product", "Not A Product", "--version", "1.0.0", "--security-version", "1", "--image", "x")]
    [TestCase("release", "create", "--home", "x", "--product", "p", "--version", "1", "--security-version", "1", "--image", "x")]
    [TestCase("release", "create", "--home", "x", "--product", "p", "--version", "1.0.0", "--security-version", "-1", "--image", "x")]
    [TestCase("release", "approve", "--home", "x", "--product", "p", "--version", "1.0.0", "--manifest-digest", "abc")]
    [TestCase("release", "approve", "--home", "x", "--product", "p", "--version", "1.0.0")]
    [TestCase("ca", "issue", "--home", "x", "--profile", "root", "--csr", "x", "--out", "x")]
    [TestCase("online", "--home", "x", "--server", "https://localhost/")]
    [TestCase("online", "--home", "x", "--server", "nowhere", "--token-file", "x")]
    [TestCase("online", "--home", "x", "--interval-seconds", "0")]
    public void Wrong_argument_is_one_line_and_exit_code_2(params string[] arguments)
    {
        CommandResult result = Run(arguments);
        Assert.That((result.ExitCode, result.Output, result.Error.Count(static c => c == '\n')), Is.EqualTo((2, "", 1)), result.Error);
    }

    [TestCase("release", "list", "--home", "/nonexistent")]
    [TestCase("ceremony", "--plan", "/nonexistent", "--home", "x", "--pin-dir", "x")]
    [TestCase("online", "--home", "/nonexistent", "--once")]
    public void Failure_is_one_line_and_exit_code_1(params string[] arguments)
    {
        CommandResult result = Run(arguments);
        Assert.That((result.ExitCode, result.Output, result.Error.Count(static c => c == '\n')), Is.EqualTo((1, "", 1)), result.Error);
        Assert.That(result.Error, Does.Not.Contain("internal error").And.Not.Contains("   at "));
    }

    [TestCase("--help", "ceremony")]
    [TestCase("--version", "0.1.0")]
    public void Help_and_version_are_answered(string argument, string expected)
    {
        CommandResult result = Run(argument);
        Assert.That((result.ExitCode, result.Error), Is.EqualTo((0, "")));
        Assert.That(result.Output, Does.Contain(expected));
    }

    [Test]
    public async Task Termination_ends_the_online_loop_in_good_order()
    {
        // By the process's clock the home is two months old, so there is something to sign at once.
        using SignerWorld world = await SignerWorld.CreateAsync();
        ProcessStartInfo start = Start("online", "--home", world.Home, "--pin-file", world.PinFile("online"), "--interval-seconds", "3600");
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.Environment[SoftHsm.ConfigurationVariable] = SoftHsm.Shared.ConfigurationPath;
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        Assert.That(await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(1)), Does.StartWith("signed "));
        Assert.That(Programs.Run("kill", "-TERM", process.Id.ToString()).ExitCode, Is.Zero);
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Zero);
        Assert.That(await error, Is.EqualTo("online: stopped\n"));
    }

    private static CommandResult Run(params string[] arguments) => Programs.Run(Start(arguments));

    private static ProcessStartInfo Start(params string[] arguments) => new("dotnet", [s_program, .. arguments]) { UseShellExecute = false };
}
