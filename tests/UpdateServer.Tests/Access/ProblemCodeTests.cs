using Fota.TestKit;
using Fota.UpdateServer.Api;

namespace Fota.UpdateServer.Tests.Access;

public sealed class ProblemCodeTests
{
    [Test]
    [Proves("U-60")]
    public void The_documents_list_every_code_with_its_status_as_the_code_has_it()
    {
        string[] lines = File.ReadAllLines(RepositoryRoot.Path("docs", "spec", "access.md"));
        Assert.That(
            lines.SkipWhile(static l => l != "| reason | status | says |").Skip(2).TakeWhile(static l => l.StartsWith('|')),
            Is.EqualTo(ProblemCodes.Own.Select(static c => $"| `{c.Code}` | {c.Status} | {c.Meaning} |")));
    }

    [Test]
    [Proves("U-60")]
    public void No_code_is_a_reason_of_devices_as_well() =>
        Assert.That(ProblemCodes.Own.Select(static c => c.Code), Is.Unique.And.None.Matches<string>(static code => Enum.TryParse<Manifest.RejectionReason>(code, out _)));
}
