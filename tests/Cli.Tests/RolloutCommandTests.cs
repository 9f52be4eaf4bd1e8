using Fota.TestKit;

namespace Fota.Cli.Tests;

/// <summary>What `fota rollout` refuses before it speaks to a server.</summary>
public sealed class RolloutCommandTests
{
    [TestCase("rollout", "create")]
    [TestCase("rollout", "create", "--product", "infusion-pump")]
    [TestCase("rollout", "create", "plan.json", "--product", "infusion-pump")]
    [TestCase("rollout", "create", "plan.json", "--canary", "3")]
    public async Task P10_Rollout_needs_a_plan_alone_or_product_and_version(params string[] arguments)
    {
        ProgramRun run = await ProgramRun.OfAsync("Fota.Cli", arguments);
        Assert.That(run.ExitCode, Is.EqualTo(2), run.Error);
        Assert.That(run.Error, Does.Contain("create: wanted a PLAN alone, or --product and --version without one"));
    }

    [Test]
    public async Task P10_Plan_that_is_no_JSON_is_refused_with_its_line()
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "{\n\"product\": ");
            ProgramRun run = await ProgramRun.OfAsync("Fota.Cli", "rollout", "create", file);
            Assert.That(run.ExitCode, Is.EqualTo(1));
            Assert.That(run.Error, Does.Contain("wanted a plan (JSON), got something else at line 2"));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
