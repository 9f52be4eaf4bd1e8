using Fota.TestKit;
using Fota.TestKit.Fuzzing;

namespace Fota.Manifest.Tests.Fuzzing;

/// <summary>
/// A short, repeatable share of what tests/Fuzz does at any length: no decoder answers a mutated document with anything but its typed
/// refusal, takes more memory than it may, or verifies what nobody signed.
/// </summary>
public sealed class FuzzTests
{
    private const ulong Seed = 20_261_120;

    private const long Iterations = 2_000;

    private static IReadOnlyList<FuzzTarget> Targets => FuzzTargets.All;

    private static IEnumerable<TestCaseData> Corpus => Directory.EnumerateFiles(RepositoryRoot.Path("tests", "corpus"), "*", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal)
        .Select(static file => new TestCaseData(Path.GetFileName(Path.GetDirectoryName(file)), Path.GetFileName(file)));

    [TestCaseSource(nameof(Targets))]
    public void A22_Mutated_documents_are_refused_by_name_or_accepted_and_nothing_else(FuzzTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);

        FuzzResult result = FuzzRun.Run(target, Seed, first: 0, Iterations, TimeProvider.System);

        TestContext.Out.WriteLine(result);
        Assert.That(result.Findings.Select(static finding => $"mutation {finding.Iteration}: {finding.Why}"), Is.Empty);
    }

    [TestCaseSource(nameof(Targets))]
    public void The_seeds_of_a_target_are_accepted(FuzzTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);

        Assert.That(target.Seeds.Select(target.Examine), Has.All.True, "what refuses its seeds is not fuzzed beyond its first check");
    }

    [TestCaseSource(nameof(Corpus))]
    public void Every_input_that_ever_broke_a_decoder_is_taken_well(string name, string file)
    {
        FuzzTarget target = Targets.First(target => string.Equals(target.Name, name, StringComparison.Ordinal));

        Assert.That(FuzzRun.Replay(target, File.ReadAllBytes(RepositoryRoot.Path("tests", "corpus", name, file)), TimeProvider.System)?.Why, Is.Null);
    }

    [Test]
    public void A_mutation_follows_from_seed_target_and_number_alone()
    {
        FuzzTarget target = Targets[0];
        Mutator mutator = new(target.Seeds, target.Words);

        byte[] again = mutator.Mutate(SplitMix.For(Seed, target.Name, 17));

        Assert.That(again, Is.EqualTo(new Mutator(target.Seeds, target.Words).Mutate(SplitMix.For(Seed, target.Name, 17))));
        Assert.That(again, Is.Not.EqualTo(mutator.Mutate(SplitMix.For(Seed, target.Name, 18))));
    }

    [Test]
    public void A_verifier_that_asks_for_no_signature_is_found()
    {
        FuzzResult result = FuzzRun.Run(FuzzTargets.ForgedManifests(static envelope => envelope.DigestMatches), Seed, first: 0, 200, TimeProvider.System);

        Assert.That(result.Findings.Select(static finding => finding.Why), Has.Some.StartsWith(nameof(ForgeryException)));
    }

    [Test]
    public void A_decoder_that_throws_is_found()
    {
        FuzzTarget broken = new("broken", [[0]], [], static input => input.Length > 3 ? throw new InvalidOperationException("broken") : true, 1024);

        FuzzResult result = FuzzRun.Run(broken, Seed, first: 0, 200, TimeProvider.System);

        Assert.That(result.Findings, Has.Count.EqualTo(1));
        Assert.That(FuzzRun.Replay(broken, result.Findings[0].Input, TimeProvider.System)?.Cause, Is.EqualTo(result.Findings[0].Cause));
    }

    [Test]
    public void A_decoder_that_takes_too_much_memory_is_found()
    {
        FuzzTarget greedy = new("greedy", [[0]], [], static _ => new byte[100_000].Length > 0, 10_000);

        Assert.That(FuzzRun.Run(greedy, Seed, first: 0, 10, TimeProvider.System).Findings, Has.Count.EqualTo(1));
    }
}
