using System.Text.RegularExpressions;
using Fota.TestKit;

namespace Fota.EndToEnd.Tests.Documents;

/// <summary>docs/threat-model.md is a trace from threat to test; it is worth something only as long as the tests exist.</summary>
public sealed partial class ThreatModelTests
{
    private const int Attacks = 53;

    private static readonly string[] s_lines = File.ReadAllLines(RepositoryRoot.Path("docs", "threat-model.md"));

    private static readonly HashSet<string> s_tests = [.. Directory.EnumerateFiles(RepositoryRoot.Path("tests"), "*.cs", SearchOption.AllDirectories)
        .SelectMany(static file => TestMethod.Matches(File.ReadAllText(file)))
        .Select(static match => match.Groups["name"].Value)];

    private static IEnumerable<string[]> Threats => s_lines.Where(static line => line.StartsWith("| T-", StringComparison.Ordinal)).Select(static line => line.Trim('|', ' ').Split('|'));

    private static IEnumerable<string> NamedTests => Threats.SelectMany(static cells => Quoted.Matches(cells[^1])).Select(static match => match.Groups["name"].Value).Distinct(StringComparer.Ordinal);

    // Of tests alone: an attribute of NUnit stands above the method, perhaps others in between.
    [GeneratedRegex(@"\[(Test|TestCase|TestCaseSource|Theory)\b[^\n]*\n(\s*\[[^\n]*\n)*\s*public (async Task|void|static void|Task) (?<name>[A-Z]\w+_\w+)\(", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex TestMethod { get; }

    [GeneratedRegex("`(?<name>[^`]+)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Quoted { get; }

    [TestCaseSource(nameof(NamedTests))]
    public void A_test_that_the_threat_model_names_exists(string name) => Assert.That(s_tests, Does.Contain(name));

    [Test]
    public void Every_threat_has_its_own_id_and_names_a_test_or_says_that_it_is_open()
    {
        Assert.That(Threats.Select(static cells => cells[0].Trim()), Is.Unique);
        foreach (string[] cells in Threats)
        {
            Assert.That(cells, Has.Length.EqualTo(6), cells[0]);
            Assert.That(cells[^1].TrimStart().StartsWith("open: ", StringComparison.Ordinal) || Quoted.IsMatch(cells[^1]), Is.True, cells[0]);
        }
    }

    [Test]
    public void Every_attack_of_the_list_is_a_threat()
    {
        string all = string.Join('\n', Threats.Select(static cells => cells[2]));

        Assert.That(Enumerable.Range(1, Attacks).Select(static n => $"A{n:D2}").Where(id => !all.Contains(id, StringComparison.Ordinal)), Is.Empty);
    }
}
