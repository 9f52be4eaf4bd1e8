using System.Text.RegularExpressions;
using Fota.TestKit;

namespace Fota.Cli.Tests;

/// <summary>The commands that speak to a signing service, as far as they get without one; with one they are in the demonstration.</summary>
public sealed partial class ReleaseCommandTests
{
    private const string Program = "Fota.Cli";

    private static readonly string[] s_files = ["README.md", "docs/ci.md", "docs/spec/signer-api.md"];

    private string _folder = "";

    [SetUp]
    public void Create() => _folder = Directory.CreateTempSubdirectory("fota-cli-").FullName;

    [TearDown]
    public void Remove() => Directory.Delete(_folder, recursive: true);

    [TestCaseSource(nameof(s_files))]
    public async Task Every_release_command_in_the_documents_is_one(string file)
    {
        string[] commands = [.. CommandPattern().Matches(await File.ReadAllTextAsync(RepositoryRoot.Path(file))).Select(static match => match.Groups["words"].Value)];
        Assert.That(commands, Has.Length.GreaterThanOrEqualTo(3));
        foreach (string command in commands)
        {
            // Fails for want of the file with the service's address, and not for a word that it does not know.
            string[] words = [.. WordPattern().Matches(command.Split(" #")[0]).Select(static word => word.Value.Trim('"'))];
            ProgramRun run = await ProgramRun.OfAsync(Program, [.. words.Select(static word => word[0] == '$' || word == "V" ? "1.2.0" : word == "N" ? "3" : word)]);
            Assert.That((run.ExitCode, run.Error.Contains("Could not find ", StringComparison.Ordinal)), Is.EqualTo((1, true)), $"{command}: {run.Error}");
        }
    }

    [TestCase("""{ "service": "http://signer.example/", "authority": "a.pem", "certificate": "c.pem", "unsafeKeyFile": "k.pem" }""", "service: wanted an https address, got http://signer.example/")]
    [TestCase("""{ "service": "https://signer.example/", "authority": "a.pem", "certificate": "c.pem" }""", "wanted pkcs11Module, tokenLabel, keyLabel and pinFile, or unsafeKeyFile alone, got something in between")]
    [TestCase("""{ "service": "https://signer.example/", "authority": "a.pem", "certificate": "c.pem", "unsafeKeyFile": "k.pem", "pinFile": "p" }""", "got something in between")]
    [TestCase("""{ "service": "https://signer.example/", "authority": "a.pem", "certificate": "c.pem", "keyFile": "k.pem" }""", "keyFile")]
    public async Task P10_Settings_that_do_not_say_how_to_reach_the_service_are_refused(string json, string reason)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "ci.json"), json);

        ProgramRun run = await ProgramRun.OfAsync(Program, "release", "list", "--service", Path.Combine(_folder, "ci.json"));

        Assert.That((run.ExitCode, run.ErrorLines.Length), Is.EqualTo((1, 1)), run.Error);
        Assert.That(run.Error, Does.Contain(reason));
    }

    [Test]
    public async Task P7_Request_for_a_certificate_leaves_the_key_to_its_owner_alone()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "ci.json"), """{ "service": "https://signer.example/", "authority": "a.pem", "certificate": "c.pem", "unsafeKeyFile": "ci.key" }""");

        ProgramRun run = await ProgramRun.OfAsync(Program, "identity", "request", "--service", Path.Combine(_folder, "ci.json"), "--name", "ci", "--out", Path.Combine(_folder, "ci.csr"));

        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(await File.ReadAllTextAsync(Path.Combine(_folder, "ci.csr")), Does.StartWith("-----BEGIN CERTIFICATE REQUEST-----"));
        Assert.That(File.GetUnixFileMode(Path.Combine(_folder, "ci.key")), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [GeneratedRegex(@"fota (?<words>release (create|show|approve|publish|list|reject|cancel|reissue|withdraw)\s+--service[^\n]*)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CommandPattern();

    [GeneratedRegex("\"[^\"]*\"|[^ ]+", RegexOptions.None, 1000)]
    private static partial Regex WordPattern();
}
