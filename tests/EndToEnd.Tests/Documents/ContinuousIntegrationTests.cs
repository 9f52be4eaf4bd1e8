using Fota.TestKit;

namespace Fota.EndToEnd.Tests.Documents;

/// <summary>.ci/run beside other vectors than ours, with a stub for the tests.</summary>
public sealed class ContinuousIntegrationTests
{
    private static readonly string[] s_vectors = ["suit", "cose", "hsslms", "wycheproof"];

    [TestCase("suit")]
    [TestCase("cose")]
    [TestCase("hsslms")]
    [TestCase("wycheproof")]
    public async Task Run_fails_and_names_the_vectors_that_are_absent(string absent)
    {
        ProgramRun run = await RunAsync(s_vectors.Where(vectors => vectors != absent));
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "0 passed, 1 failed\n")));
        Assert.That(run.Error, Does.Contain($"(../shared/vectors/{absent})"));
    }

    [Test]
    public async Task Run_runs_the_tests_where_all_vectors_are() =>
        Assert.That((await RunAsync(s_vectors)).Output, Is.EqualTo("7 passed, 0 failed\n"));

    private static async Task<ProgramRun> RunAsync(IEnumerable<string> vectors)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("fota-ci-");
        try
        {
            string ci = folder.CreateSubdirectory("fota/.ci").FullName, test = Path.Combine(folder.FullName, "fota", "test");
            File.Copy(RepositoryRoot.Path(".ci", "run"), Path.Combine(ci, "run"));
            await File.WriteAllTextAsync(test, "#!/usr/bin/env bash\necho 7 passed, 0 failed\n");
            File.SetUnixFileMode(test, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            foreach (string name in vectors)
            {
                folder.CreateSubdirectory(Path.Combine("shared", "vectors", name));
            }

            return await ProgramRun.OfFileAsync("/bin/bash", environment: null, Path.Combine(ci, "run"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
