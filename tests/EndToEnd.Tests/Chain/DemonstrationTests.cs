using System.Text.Json;
using Fota.TestKit;

namespace Fota.EndToEnd.Tests.Chain;

/// <summary>The whole chain with the programs of dist/, once, and then a look at what it left behind.</summary>
public sealed class DemonstrationTests
{
    private const string Module = "/usr/lib/softhsm/libsofthsm2.so";

    // What a private key begins with in a file: PEM, and DER of PKCS#8 and SEC 1 for P-256, PKCS#8 for Ed25519 and RSA's version and modulus.
    private static readonly (string Kind, byte[] Bytes)[] s_privateKeys =
    [
        ("PEM", "PRIVATE KEY-----"u8.ToArray()),
        ("PKCS#8 P-256", Convert.FromHexString("020100301306072A8648CE3D020106082A8648CE3D030107")),
        ("SEC 1 P-256", Convert.FromHexString("30770201010420")),
        ("PKCS#8 Ed25519", Convert.FromHexString("302E020100300506032B657004220420")),
        ("PKCS#8 RSA", Convert.FromHexString("020100300D06092A864886F70D0101010500")),
    ];

    private string _folder = "";
    private ProgramRun _run = new(-1, "", "");

    private string Home => Path.Combine(_folder, "signer", "home");

    [OneTimeSetUp]
    public async Task PlayTheWholeChain()
    {
        _folder = Directory.CreateTempSubdirectory("fota-demo-").FullName;
        Dictionary<string, string> environment = new(StringComparer.Ordinal) { ["SOFTHSM2_CONF"] = Path.Combine(_folder, "signer", "softhsm2.conf") };
        _run = await ProgramRun.OfFileAsync(Dist("samples/demo"), environment, TimeSpan.FromMinutes(8), "--programs", RepositoryRoot.Path("dist"), "--plans", RepositoryRoot.Path("hsm-config"), "--directory", _folder);
        TestContext.Progress.WriteLine(_run.Output);
    }

    [OneTimeTearDown]
    public void Remove() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void P9_The_demo_ends_with_what_it_observed()
    {
        Assert.That(_run.ExitCode, Is.Zero, _run.Error);
        Assert.That(_run.Output.TrimEnd().Split('\n')[^1], Is.EqualTo("demo: 6 devices on 1.1.0, 1.2.0 rolled back and aborted, 3 attacks refused"));
    }

    [Test]
    public void The_second_update_travels_as_a_delta()
    {
        System.Text.RegularExpressions.Match said = System.Text.RegularExpressions.Regex.Match(
            _run.Output, @"1\.2\.0 travelled as a delta: (?<bytes>\d+) bytes for an image of (?<image>\d+)", System.Text.RegularExpressions.RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));

        Assert.That(said.Success, Is.True, _run.Output);
        Assert.That(Parse("bytes") * 20, Is.LessThan(Parse("image")));

        long Parse(string group) => long.Parse(said.Groups[group].ValueSpan, System.Globalization.CultureInfo.InvariantCulture);
    }

    [TestCase("old release replayed", "SequenceRollback", TestName = "A02_Replayed_release_is_refused_by_the_device")]
    [TestCase("flipped bit in a pack", "(ChunkMismatch|FrameInvalid)", TestName = "A26_P1_Flipped_bit_in_a_pack_is_refused_by_the_device")]
    [TestCase("manifest signed by one key only", "ThresholdNotMet", TestName = "A09_Release_signed_by_one_key_is_refused_by_the_device")]
    public void An_attack_is_refused_by_name(string attack, string reason) =>
        Assert.That(_run.Output, Does.Match($@"{attack}: pump-\d+ refused: {reason}: "));

    [Test]
    public void P7_No_private_key_lies_in_any_file_of_a_production_layout()
    {
        string[] files = Directory.GetFiles(_folder, "*", SearchOption.AllDirectories);
        string[] found = [.. files.SelectMany(file => Scan(file, File.ReadAllBytes(file)))];

        Assert.That(files, Has.Length.GreaterThan(100), "there must be something to scan");
        Assert.That(found, Is.Empty);
    }

    [Test]
    public void P7_The_scan_finds_a_private_key_when_there_is_one()
    {
        using System.Security.Cryptography.ECDsa key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        byte[][] files = [key.ExportPkcs8PrivateKey(), key.ExportECPrivateKey(), System.Text.Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem())];

        Assert.That(files.Select(static f => Scan("key", f).Count()), Is.All.GreaterThan(0));
    }

    [TestCase("signer", "release", "pins/release.pin")]
    [TestCase("signer", "approver", "pins/approver.pin")]
    [TestCase("signer", "root-1", "pins/root-1.pin")]
    [TestCase("signer", "ca", "pins/ca.pin")]
    [TestCase("server", "server", "tls.pin")]
    [TestCase("devices/pump-0001", "device", "device.pin")]
    public async Task P7_Another_program_sees_keys_that_sign_only_and_are_never_extractable(string site, string token, string pin)
    {
        Dictionary<string, string> environment = new(StringComparer.Ordinal)
        {
            ["SOFTHSM2_CONF"] = Path.Combine(_folder, site, "softhsm2.conf"),
            ["TOKEN_PIN"] = (await File.ReadAllTextAsync(Path.Combine(_folder, site, pin))).Trim(),
        };
        ProgramRun run = await ProgramRun.OfFileAsync("/usr/bin/pkcs11-tool", environment, "--module", Module, "--token-label", token, "--login", "--pin", "env:TOKEN_PIN", "--list-objects", "--type", "privkey");
        string[] access = [.. run.Output.Split('\n').Where(static l => l.Contains("Access:", StringComparison.Ordinal))];

        Assert.That(access, Is.Not.Empty, run.Error);
        Assert.That(access, Is.All.Contains("sensitive").And.All.Contains("never extractable"));
        Assert.That(run.Output.Split('\n').Where(static l => l.Contains("Usage:", StringComparison.Ordinal)).Select(static l => l.Split(':')[1].Trim()), Is.All.EqualTo("sign"));
    }

    [Test]
    public async Task P5_The_servers_token_holds_its_TLS_key_and_nothing_else()
    {
        Dictionary<string, string> environment = new(StringComparer.Ordinal)
        {
            ["SOFTHSM2_CONF"] = Path.Combine(_folder, "server", "softhsm2.conf"),
            ["TOKEN_PIN"] = (await File.ReadAllTextAsync(Path.Combine(_folder, "server", "tls.pin"))).Trim(),
        };
        ProgramRun run = await ProgramRun.OfFileAsync("/usr/bin/pkcs11-tool", environment, "--module", Module, "--login", "--pin", "env:TOKEN_PIN", "--list-objects", "--type", "privkey");

        Assert.That(run.Output.Split('\n').Where(static l => l.Contains("label:", StringComparison.Ordinal)).Select(static l => l.Trim()), Is.EqualTo(new[] { "label:      server-tls" }));
    }

    [Test]
    public async Task A_published_manifest_is_shown_and_verified_offline()
    {
        string envelope = Directory.GetFiles(Path.Combine(Home, "repository", "targets", "infusion-pump", "1.1.0")).Single();
        ProgramRun show = await ProgramRun.OfFileAsync(Dist("fota"), null, "manifest", "show", envelope);
        ProgramRun verify = await ProgramRun.OfFileAsync(Dist("fota"), null, "manifest", "verify", "--key", Path.Combine(Home, "keys", "release.pem"), "--key", Path.Combine(Home, "keys", "approver.pem"), "--threshold", "2", envelope);
        ProgramRun foreign = await ProgramRun.OfFileAsync(Dist("fota"), null, "manifest", "verify", "--key", Path.Combine(Home, "keys", "root-1.pem"), envelope);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(JsonSerializer.Deserialize<JsonElement>(show.Output).GetProperty("release_version").GetString(), Is.EqualTo("1.1.0"));
            Assert.That((verify.ExitCode, verify.Output[..9]), Is.EqualTo((0, "verified:")));
            Assert.That((foreign.ExitCode, foreign.Error.Contains("ThresholdNotMet", StringComparison.Ordinal)), Is.EqualTo((1, true)));
        }
    }

    private static string Dist(string program) => RepositoryRoot.Path("dist", program);

    private static IEnumerable<string> Scan(string file, byte[] content) =>
        s_privateKeys.Where(k => content.AsSpan().IndexOf(k.Bytes) >= 0).Select(k => $"{file}: {k.Kind}");
}
