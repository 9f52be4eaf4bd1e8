using Fota.TestKit;

namespace Fota.EndToEnd.Tests.Documents;

/// <summary>docs/spec is normative: what it demands is proved, and what is proved stands in it.</summary>
public sealed class ClauseTests
{
    [Test]
    public async Task Every_clause_of_the_specification_is_named_by_a_test_or_a_vector()
    {
        ProgramRun run = await ProgramRun.OfFileAsync(RepositoryRoot.Path("scripts", "clauses"), null);

        Assert.That(run.ExitCode, Is.Zero, run.Output);
        Assert.That(run.Output, Does.Match("^[1-9][0-9]+ clauses\n$"));
    }
}
