using System.Text.Json;
using Fota.TestKit;

namespace Fota.Cli.Tests;

public sealed class ManifestCommandTests
{
    private const string Program = "Fota.Cli";

    private readonly SoftwareKey _engineer = SoftwareKey.EcdsaP256();
    private readonly SoftwareKey _approver = SoftwareKey.Ed25519();
    private readonly SampleRelease _release = SampleRelease.Create();
    private string _folder = "";

    [SetUp]
    public void MakeFiles()
    {
        _folder = Directory.CreateTempSubdirectory("fota-cli-").FullName;
        File.WriteAllText(At("engineer.pem"), _engineer.PublicKey.ToPem());
        File.WriteAllText(At("approver.pem"), _approver.PublicKey.ToPem());
        File.WriteAllBytes(At("good.suit"), _release.SignedBy(_engineer, _approver).Bytes.ToArray());
        File.WriteAllBytes(At("half.suit"), _release.SignedBy(_engineer).Bytes.ToArray());
    }

    [TearDown]
    public void RemoveFiles() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task Show_names_the_gates_that_a_release_may_pass()
    {
        await File.WriteAllBytesAsync(At("emergency.suit"), SampleRelease.Create(change: static m => m with { GateOverride = Fota.Manifest.GateOverride.Parse("power,consent") }).SignedBy(_engineer).Bytes.ToArray());
        JsonElement json = JsonSerializer.Deserialize<JsonElement>((await ProgramRun.OfAsync(Program, "manifest", "show", At("emergency.suit"))).Output);
        Assert.That(json.GetProperty("gate_override").EnumerateArray().Select(static gate => gate.GetString()), Is.EqualTo(new[] { "power", "consent" }));
        json = JsonSerializer.Deserialize<JsonElement>((await ProgramRun.OfAsync(Program, "manifest", "show", At("good.suit"))).Output);
        Assert.That(json.GetProperty("gate_override").GetArrayLength(), Is.Zero);
    }

    [Test]
    public async Task Show_prints_digest_signatures_sequence_components_and_versions()
    {
        ProgramRun run = await ProgramRun.OfAsync(Program, "manifest", "show", At("good.suit"));
        JsonElement json = JsonSerializer.Deserialize<JsonElement>(run.Output);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(run.ExitCode, Is.Zero);
            Assert.That(json.GetProperty("digest_matches_manifest").GetBoolean(), Is.True);
            Assert.That(json.GetProperty("signatures")[0].GetProperty("key_id").GetString(), Is.EqualTo(_engineer.PublicKey.Id.ToString()));
            Assert.That(json.GetProperty("signatures")[1].GetProperty("algorithm").GetString(), Is.EqualTo("Ed25519 (-19)"));
            Assert.That(json.GetProperty("sequence").GetInt32(), Is.EqualTo(2));
            Assert.That(json.GetProperty("release_version").GetString(), Is.EqualTo("1.1.0"));
            Assert.That(json.GetProperty("components")[0].GetProperty("image_digest").GetString(), Is.EqualTo(_release.Described.ImageDigest.ToString()));
        }
    }

    [Test]
    public async Task Verify_accepts_with_exit_code_0()
    {
        ProgramRun run = await ProgramRun.OfAsync(Program, "manifest", "verify", "--key", At("engineer.pem"), "--key", At("approver.pem"), "--threshold", "2", At("good.suit"));

        Assert.That((run.ExitCode, run.Output.StartsWith("verified: 1.1.0", StringComparison.Ordinal)), Is.EqualTo((0, true)), run.Error);
    }

    [Test]
    public async Task A09_Verify_refuses_one_signature_too_few_with_exit_code_1_and_the_reason()
    {
        ProgramRun run = await ProgramRun.OfAsync(Program, "manifest", "verify", "--key", At("engineer.pem"), "--key", At("approver.pem"), "--threshold", "2", At("half.suit"));

        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.ErrorLines, Has.Length.EqualTo(1).And.One.Contains("ThresholdNotMet"));
    }

    [Test]
    public async Task A09_Verify_without_a_threshold_wants_every_given_key()
    {
        ProgramRun run = await ProgramRun.OfAsync(Program, "manifest", "verify", "--key", At("engineer.pem"), "--key", At("approver.pem"), At("half.suit"));

        Assert.That((run.ExitCode, run.Error.Contains("ThresholdNotMet", StringComparison.Ordinal)), Is.EqualTo((1, true)));
    }

    [Test]
    public async Task A12_Verify_with_threshold_zero_is_refused()
    {
        ProgramRun run = await ProgramRun.OfAsync(Program, "manifest", "verify", "--key", At("engineer.pem"), "--threshold", "0", At("good.suit"));

        Assert.That((run.ExitCode, run.Error.Contains("InvalidThreshold", StringComparison.Ordinal)), Is.EqualTo((1, true)));
    }

    [Proves("M-16")]
    [Test]
    public async Task A09_Verify_with_a_hash_based_key_wants_its_signature_as_well()
    {
        SoftwareKey vault = SoftwareKey.HashBased();
        await File.WriteAllTextAsync(At("vault.pem"), vault.PublicKey.ToPem());
        await File.WriteAllBytesAsync(At("hybrid.suit"), _release.SignedBy(_engineer, _approver, vault).Bytes.ToArray());
        string[] arguments = ["manifest", "verify", "--key", At("engineer.pem"), "--key", At("approver.pem"), "--hash-based-key", At("vault.pem")];

        ProgramRun hybrid = await ProgramRun.OfAsync(Program, [.. arguments, At("hybrid.suit")]), classical = await ProgramRun.OfAsync(Program, [.. arguments, At("good.suit")]);

        Assert.That((hybrid.ExitCode, hybrid.Output.TrimEnd().EndsWith("signed by 3 of 3 keys", StringComparison.Ordinal)), Is.EqualTo((0, true)), hybrid.Error);
        Assert.That((classical.ExitCode, classical.Error.Contains("ThresholdNotMet", StringComparison.Ordinal)), Is.EqualTo((1, true)));
    }

    [Proves("M-16")]
    [Test]
    public async Task A24_Verify_with_a_classical_key_as_a_hash_based_one_is_refused()
    {
        ProgramRun run = await ProgramRun.OfAsync(Program, "manifest", "verify", "--key", At("engineer.pem"), "--hash-based-key", At("approver.pem"), At("good.suit"));

        Assert.That((run.ExitCode, run.Error.Contains("UnsupportedKey", StringComparison.Ordinal)), Is.EqualTo((1, true)));
    }

    [Proves("M-50")]
    [TestCase("example2.signed.suit", "\"update-description\"|\"manifest-description\"", "Unsupported")]
    [TestCase("example3.signed.suit", "\"directive-try-each\"", "MissingField")]
    [TestCase("libcsuit-suit_manifest_expAF.suit", "\"kind\": \"COSE_Mac0\"", "Unsupported")]
    [TestCase("libcsuit-suit_manifest_expD.suit", "\"dependencies\"", "Unsupported")]
    [TestCase("libcsuit-suit_manifest_expU1.suit", "\"directive-override-multiple\"", "Unsupported")]
    [TestCase("libcsuit-suit_manifest_expU2.suit", "\"version\": \"<1.0.0\"", "Unsupported")]
    public async Task Show_prints_envelopes_of_any_profile_and_verify_says_why_they_are_not_ours(string file, string shown, string reason)
    {
        string path = VectorFolder.Require($"suit/{file}");

        ProgramRun show = await ProgramRun.OfAsync(Program, "manifest", "show", path);
        ProgramRun verify = await ProgramRun.OfAsync(Program, "manifest", "verify", "--key", VectorFolder.Require("suit/libcsuit.trust_anchor.pub.pem"), path);

        Assert.That(show.ExitCode, Is.Zero, show.Error);
        Assert.That(() => JsonSerializer.Deserialize<JsonElement>(show.Output), Throws.Nothing);
        Assert.That(show.Output, Does.Match(shown));
        Assert.That((verify.ExitCode, verify.ErrorLines.Length, verify.Error.Contains(reason, StringComparison.Ordinal)), Is.EqualTo((1, 1, true)), verify.Error);
    }

    [TestCase("manifest", "verify", "--key")]
    [TestCase("manifest", "show", "/nowhere/at/all.suit")]
    [TestCase("manifest", "polish")]
    [TestCase("--colour")]
    [TestCase("device", "list", "--server", "foo")]
    [TestCase("device", "list", "--server", "http://updates.example/")]
    [TestCase("manifest", "verify", "--key", "/dev/null", "--threshold", "abc", "/dev/null")]
    [TestCase("rollout", "create", "--product", "p", "--version", "1.0.0", "--canary", "x")]
    public async Task P10_Wrong_arguments_give_one_line_and_exit_code_2(params string[] arguments)
    {
        ProgramRun run = await ProgramRun.OfAsync(Program, arguments);

        Assert.That(run.ExitCode, Is.EqualTo(2));
        Assert.That(run.ErrorLines, Has.Length.EqualTo(1));
        Assert.That(run.Error, Does.Not.Contain("System."));
    }

    [TestCase(":::bad", "engineer.pem", "FOTA_SERVER: wanted an address")]
    [TestCase("http://127.0.0.1:1/", "engineer.pem", "FOTA_SERVER: wanted an address")]
    [TestCase("https://127.0.0.1:1/", "engineer.pem", "wanted a CA certificate")]
    [TestCase("https://127.0.0.1:1/", "nowhere.pem", "Could not find file")]
    public async Task P10_Wrong_environment_gives_one_line_and_exit_code_1(string server, string authority, string expected)
    {
        File.WriteAllText(At("token"), "token");
        Dictionary<string, string> environment = new(StringComparer.Ordinal) { ["FOTA_SERVER"] = server, ["FOTA_SERVER_CA"] = At(authority), ["FOTA_TOKEN_FILE"] = At("token") };

        ProgramRun run = await ProgramRun.OfFileAsync(Path.Combine(AppContext.BaseDirectory, Program), environment, "device", "list");

        Assert.That((run.ExitCode, run.ErrorLines.Length), Is.EqualTo((1, 1)), run.Error);
        Assert.That(run.Error, Does.Contain(expected).And.Not.Contain("internal error"));
    }

    [Test]
    public async Task P10_A_file_that_is_no_envelope_gives_one_line_and_exit_code_1()
    {
        ProgramRun run = await ProgramRun.OfAsync(Program, "manifest", "show", At("engineer.pem"));

        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.ErrorLines, Has.Length.EqualTo(1).And.One.Contains("WrongDocument").Or.One.Contains("Malformed"));
        Assert.That(run.Error, Does.Not.Contain("   at "));
    }

    [TestCase("--help", "manifest")]
    [TestCase("--version", ".")]
    public async Task Help_and_version_are_answered(string option, string expected)
    {
        ProgramRun run = await ProgramRun.OfAsync(Program, option);

        Assert.That((run.ExitCode, run.Output.Contains(expected, StringComparison.Ordinal)), Is.EqualTo((0, true)));
    }

    [Test]
    public async Task Commands_that_need_a_signing_service_say_what_is_missing()
    {
        ProgramRun run = await ProgramRun.OfAsync(Program, "release", "list");

        Assert.That((run.ExitCode, run.Error.Contains("FOTA_SIGNING_SERVICE", StringComparison.Ordinal)), Is.EqualTo((1, true)));
    }

    [Test]
    public async Task Commands_that_need_a_server_say_what_is_missing()
    {
        ProgramRun run = await ProgramRun.OfAsync(Program, "rollout", "list");

        Assert.That((run.ExitCode, run.Error.Contains("FOTA_SERVER", StringComparison.Ordinal)), Is.EqualTo((1, true)));
    }

    private string At(string name) => Path.Combine(_folder, name);
}
