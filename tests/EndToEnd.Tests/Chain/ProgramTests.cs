using Fota.TestKit;

namespace Fota.EndToEnd.Tests.Chain;

/// <summary>The four programs as ./build leaves them.</summary>
public sealed class ProgramTests
{
    private static readonly string[] s_programs = ["fota", "fota-signer", "fota-server", "fota-agent"];

    [TestCaseSource(nameof(s_programs))]
    public async Task A_program_answers_help(string program)
    {
        ProgramRun run = await RunAsync(program, "--help");

        Assert.That((run.ExitCode, run.Output.Contains("Usage:", StringComparison.Ordinal), run.Error), Is.EqualTo((0, true, "")));
    }

    [TestCaseSource(nameof(s_programs))]
    public async Task A_program_answers_its_version(string program)
    {
        ProgramRun run = await RunAsync(program, "--version");

        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Output.Trim(), Does.Match(@"^\d+\.\d+\.\d+$"));
    }

    [TestCaseSource(nameof(s_programs))]
    public async Task P10_Wrong_argument_gives_one_line_and_exit_code_2(string program)
    {
        ProgramRun run = await RunAsync(program, "--polish");

        Assert.That((run.ExitCode, run.ErrorLines.Length, run.Output), Is.EqualTo((2, 1, "")));
        Assert.That(run.Error, Does.StartWith($"{program}: ").And.Contains("--polish"));
    }

    private static Task<ProgramRun> RunAsync(string program, params string[] arguments) =>
        ProgramRun.OfFileAsync(RepositoryRoot.Path("dist", program), null, arguments);
}
