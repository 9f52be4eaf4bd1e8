using System.CommandLine;
using Fota.Manifest;
using Fota.TestKit;
using Fota.TestKit.Fuzzing;

// dotnet run -c Release --project tests/Fuzz -- --iterations 1000000
Option<string[]> only = new("--target") { Description = "Only these targets.", AllowMultipleArgumentsPerToken = true };
Option<ulong> seed = new("--seed") { Description = "The seed of all mutations.", DefaultValueFactory = static _ => 1 };
Option<long> first = new("--first") { Description = "Number of the first mutation: one mutation can be made again by itself." };
Option<long> iterations = new("--iterations") { Description = "Mutations of each target.", DefaultValueFactory = static _ => 100_000 };
RootCommand root = new("Gives mutated documents to every decoder; writes what breaks one to tests/corpus.") { only, seed, first, iterations };
root.SetAction(result =>
{
    string[] names = result.GetValue(only) ?? [];
    FuzzTarget[] targets = [.. FuzzTargets.All.Where(target => names.Length == 0 || names.Contains(target.Name, StringComparer.Ordinal))];
    if (targets.Length == 0)
    {
        Console.Error.WriteLine($"no such target; there are {string.Join(", ", FuzzTargets.All.Select(static target => target.Name))}");
        return 2;
    }

    int findings = 0;
    object door = new();
    Parallel.ForEach(targets, target =>
    {
        FuzzResult outcome = FuzzRun.Run(target, result.GetValue(seed), result.GetValue(first), result.GetValue(iterations), TimeProvider.System);
        lock (door)
        {
            Console.WriteLine(outcome);
            foreach (FuzzFinding finding in outcome.Findings)
            {
                string file = RepositoryRoot.Path("tests", "corpus", finding.Target, Sha256Digest.Of(finding.Input).ToString()[..16]);
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                File.WriteAllBytes(file, finding.Input);
                Console.WriteLine($"  {Path.GetRelativePath(RepositoryRoot.Path("."), file)} (mutation {finding.Iteration}): {finding.Why}");
            }

            findings += outcome.Findings.Count;
        }
    });
    Console.WriteLine($"{targets.Length * result.GetValue(iterations)} mutations, {findings} findings");
    return findings == 0 ? 0 : 1;
});
return root.Parse(args).Invoke();
