using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.Product;

/// <summary>Whoever embeds the library builds against what it shows: a change of that is made on purpose, or not at all.</summary>
public sealed class PublicApiTests
{
    private static readonly string s_baseline = RepositoryRoot.Path("src", "DeviceAgent", "PublicApi.txt");

    [Test]
    public void Public_api_is_what_its_baseline_says()
    {
        string[] now = [.. PublicApi.Of(typeof(UpdateAgent).Assembly)], baseline = [.. File.ReadLines(s_baseline)];
        string seen = Path.Combine(AppContext.BaseDirectory, "PublicApi.txt");
        File.WriteAllLines(seen, now);
        Assert.That(
            (now.Except(baseline, StringComparer.Ordinal), baseline.Except(now, StringComparer.Ordinal)),
            Is.EqualTo((Array.Empty<string>(), Array.Empty<string>())),
            $"new, and gone; if it is meant: cp {Path.GetRelativePath(RepositoryRoot.Directory, seen)} src/DeviceAgent/PublicApi.txt");
    }

    [Test]
    public void Example_of_embedding_is_what_the_documentation_shows_and_thirty_lines_long()
    {
        string code = File.ReadAllText(RepositoryRoot.Path("samples", "embedding", "Program.cs"));
        Assert.That(File.ReadAllText(RepositoryRoot.Path("docs", "embedding.md")), Does.Contain($"```csharp\n{code}```\n"));
        Assert.That(code.Split('\n').Count(static line => line.Length > 0), Is.LessThanOrEqualTo(30));
    }

    [Test]
    public void Callback_that_throws_does_not_stop_the_agent()
    {
        List<AgentEvent> seen = [];
        EventLog log = new(what =>
        {
            seen.Add(what);
            throw new InvalidOperationException("the pipe is full");
        });
        log.Progress("one");
        log.Waiting("two");
        Assert.That(seen, Is.EqualTo(new AgentEvent[] { new AgentEvent.Progress("one"), new AgentEvent.Waiting("two") }));
    }
}
