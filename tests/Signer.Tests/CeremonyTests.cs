using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Fota.Interop.Cryptoki;
using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Signer.Tests;

[TestFixture]
public sealed class CeremonyTests
{
    [Test]
    public async Task P7_Keys_are_sensitive_and_were_never_extractable()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        using CryptokiLibrary library = CryptokiLibrary.Load(SoftHsm.ModulePath);
        int found = 0;
        foreach (string name in new[] { "root-1", "root-2", "root-3", "targets", "online", "release", "approver", "ca" })
        {
            using Pin pin = Pin.FromUtf8(System.Text.Encoding.UTF8.GetBytes($"pin of {name}"));
            using Token token = Token.Open(library, world.Token(name), pin);
            foreach (TokenKey key in token.FindKeys())
            {
                found++;
                Assert.That((key.IsSensitive, key.IsNeverExtractable), Is.EqualTo((true, true)), key.Label);
            }
        }

        Assert.That(found, Is.EqualTo(11));
    }

    [Test]
    public async Task P7_No_file_of_the_home_holds_a_private_key()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        await world.ReleaseAsync("1.0.0");
        string[] files = Directory.GetFiles(world.Home, "*", SearchOption.AllDirectories);
        Assert.That(files, Has.Length.GreaterThan(20));
        Assert.That(files.Where(file => PrivateKeyScan.Finds(File.ReadAllBytes(file))), Is.Empty);
    }

    [Test]
    public async Task P6_Ceremony_signs_with_no_key_of_a_product()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        string journal = (await world.RunAsync("journal", "--home", world.Home)).Ok().Output;
        Assert.That(journal, Does.Contain(" root-3 ").And.Contain(" device-ca ").And.Contain(" online "));
        Assert.That(journal, Does.Not.Contain(" release ").And.Not.Contain(" approver "));
    }

    [Test]
    public async Task Root_has_a_threshold_of_two_of_three_and_all_three_signed_it()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        SignedMetadata file = SignedMetadata.Decode(world.Repository.Read("metadata/1.root.json"), DecodeLimits.RootBytes, MetadataProfile.Fota).OrThrow();
        RootMetadata root = file.UnverifiedRoot().OrThrow();
        Assert.That((root.Root.Threshold, root.Root.Keys.Count, root.Root.Signers(file).Count), Is.EqualTo((2, 3, 3)));
    }

    [Test]
    public async Task A_client_takes_the_first_repository_which_lists_no_release()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        TrustedMetadataSet trust = Client.Update(world);
        DelegatedRole role = trust.Targets!.Delegations.Single();
        Assert.That((role.Name, role.Keys.Threshold, role.Keys.Keys.Count, role.Terminating), Is.EqualTo((SignerWorld.Product, 2, 2, true)));
        Assert.That(role.Paths, Is.EqualTo(["infusion-pump/*/manifest.suit"]));
        Assert.That(trust.Snapshot!.Meta.Keys, Is.EqualTo(["targets.json"]));
    }

    [Test]
    public async Task Transcript_names_plan_tokens_keys_and_files_and_its_digest_is_printed()
    {
        using SignerWorld world = new();
        CommandResult result = (await world.CeremonyAsync()).Ok();
        byte[] transcript = await File.ReadAllBytesAsync(Path.Combine(world.Home, "transcript", "ceremony.json"));
        Assert.That(result.Value("transcript"), Is.EqualTo(Sha256Digest.Of(transcript).ToString()));
        using JsonDocument json = JsonDocument.Parse(transcript);
        JsonElement root = json.RootElement;
        Assert.That(root.GetProperty("planSha256").GetString(), Is.EqualTo(Sha256Digest.Of(await File.ReadAllBytesAsync(world.PathOf("ceremony.yaml"))).ToString()));
        JsonElement[] tokens = [.. root.GetProperty("tokens").EnumerateArray()];
        Assert.That(tokens.Select(token => token.GetProperty("serial").GetString()!).Distinct(StringComparer.Ordinal).Count(), Is.EqualTo(8));
        JsonElement[] keys = [.. tokens.SelectMany(token => token.GetProperty("keys").EnumerateArray())];
        Assert.That(keys.Select(key => key.GetProperty("label").GetString()), Is.EquivalentTo(["root-1", "root-2", "root-3", "targets", "online", "log", "release", "approver", "device-ca", "service-ca", "people-ca"]));
        Assert.That(keys.All(key => key.GetProperty("sensitive").GetBoolean() && key.GetProperty("neverExtractable").GetBoolean()), Is.True);
        Assert.That(root.GetProperty("files").GetProperty("repository/metadata/1.root.json").GetString(), Is.EqualTo(Sha256Digest.Of(world.Repository.Read("metadata/1.root.json")).ToString()));
    }

    [Test]
    public async Task Transcript_is_signed_by_every_root_key_and_the_signatures_stand_in_the_journal()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        string transcript = Path.Combine(world.Home, "transcript", "ceremony.json");
        byte[] content = await File.ReadAllBytesAsync(transcript);
        string journal = (await world.RunAsync("journal", "--home", world.Home)).Ok().Output;
        foreach (string label in new[] { "root-1", "root-2", "root-3" })
        {
            Assert.That(VerifyTranscript(world, transcript, label), Is.Zero, label);
            Assert.That(journal.Split('\n').Count(line => line.Contains($" {label} ", StringComparison.Ordinal) && line.Contains($" Signed   transcript {Sha256Digest.Of(content)}", StringComparison.Ordinal)), Is.EqualTo(1), journal);
        }

        content[^3] ^= 1;
        await File.WriteAllBytesAsync(transcript, content);
        Assert.That(VerifyTranscript(world, transcript, "root-1"), Is.Not.Zero);
    }

    [TestCase("device")]
    [TestCase("service")]
    public async Task Authority_may_sign_certificates_but_no_further_authority(string profile)
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(world.HomeFolder.AuthorityCertificate(profile)));
        X509BasicConstraintsExtension basic = certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single();
        Assert.That((basic.CertificateAuthority, basic.HasPathLengthConstraint, basic.PathLengthConstraint, basic.Critical), Is.EqualTo((true, true, 0, true)));
        Assert.That(certificate.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages, Is.EqualTo(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign));
        Assert.That(certificate.NotAfter.ToUniversalTime(), Is.GreaterThan(world.Clock.GetUtcNow().AddYears(10).UtcDateTime));
        string file = world.HomeFolder.AuthorityCertificate(profile);
        Assert.That(Programs.Verify(world, file, file, "-check_ss_sig").ExitCode, Is.Zero);
    }

    [Test]
    public async Task Existing_home_is_not_written_over()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        byte[] before = world.Repository.Read("metadata/1.root.json");
        (await world.CeremonyAsync()).Refused("a ceremony never writes over a home");
        Assert.That(world.Repository.Read("metadata/1.root.json"), Is.EqualTo(before));
    }

    [Test]
    public async Task Ceremony_that_fails_leaves_no_home_and_says_so_the_next_time()
    {
        using SignerWorld world = new();
        world.Module = module => new FaultyModule(module, static _ => throw new CryptokiException("C_Sign", new ReturnValue(0x30)));
        (await world.CeremonyAsync()).Refused("C_Sign: CKR_DEVICE_ERROR");
        Assert.That(Directory.Exists(world.Home), Is.False);
        (await world.CeremonyAsync()).Refused("is left from a ceremony that did not finish");
    }

    [Test]
    public async Task P7_Key_that_the_token_calls_extractable_ends_the_ceremony()
    {
        using SignerWorld world = new();
        world.Module = module => new FaultyModule(module, static sign => sign(), isExtractable: true);
        (await world.CeremonyAsync()).Refused("wanted a sensitive key that was never extractable");
        Assert.That(Directory.Exists(world.Home), Is.False);
    }

    [Test]
    public async Task Pins_are_checked_before_the_first_token_is_made()
    {
        using SignerWorld world = new();
        SignerWorld.SetMode(world.PinFile("ca"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        (await world.CeremonyAsync()).Refused("wanted mode 0600, got 0644");
        using CryptokiLibrary library = CryptokiLibrary.Load(SoftHsm.ModulePath);
        Assert.That(library.GetTokens().Select(static token => token.Label), Has.None.EqualTo(world.Token("root-1")));
    }

    [TestCase("version: 1", "version: 2", "version: wanted 1, got 2")]
    [TestCase("    threshold: 2", "    treshold: 2", "'treshold' not found")]
    [TestCase("    expiresDays: 180\n", "", "products.infusion-pump.expiresDays: wanted it, got none")]
    [TestCase("[root-1, root-2, root-3], threshold: 2", "[root-1, root-2, root-3], threshold: 1", "wanted a threshold of at least 2 of at least 3 keys")]
    [TestCase("[root-1, root-2, root-3], threshold: 2", "[root-1, root-2], threshold: 2", "wanted a threshold of at least 2 of at least 3 keys")]
    [TestCase("[root-1, root-2, root-3]", "[root-1, root-2, root-2]", "got root-2 twice")]
    [TestCase("[root-1, root-2, root-3]", "[root-1, root-2, root-4]", "wanted labels of keys in this plan")]
    [TestCase("label: root-2, token: root-2", "label: root-2, token: root-1", "wanted each key on a token of its own")]
    [TestCase("label: approver, token: approver", "label: approver, token: release", "wanted each key on a token of its own")]
    [TestCase("label: approver, token: approver", "label: approver, token: online", "wanted keys of one purpose")]
    [TestCase("    threshold: 2", "    threshold: 1", "wanted 2 to 2, got 1")]
    [TestCase("timestamp: { keys: [online]", "timestamp: { keys: [targets]", "wanted one and the same key")]
    [TestCase("chunkSize: 65536", "chunkSize: 65537", "wanted a power of two")]
    [TestCase("profile: service", "profile: root", "wanted device, service or people")]
    [TestCase("token: targets, algorithm: ecdsa-p256", "token: targets, algorithm: rsa", "wanted ecdsa-p256, ecdsa-p384, ed25519, rsa-pss-3072, rsa-pss-4096")]
    [TestCase("name: infusion-pump", "name: targets", "wanted a product name")]
    [TestCase("log: { key: log, origin: signer.pumps.example/log }\n", "", "plan: log: wanted it, got none")]
    [TestCase("label: log, token: online, algorithm: ed25519", "label: log, token: online, algorithm: ecdsa-p256", "log.key: wanted an ed25519 key")]
    [TestCase("label: log, token: online", "label: log, token: targets", "the online one, got log on")]
    [TestCase("key: log, origin: signer.pumps.example/log", "key: log", "log.origin: wanted a name without spaces")]
    [TestCase("version: 1", "version: 1\nversion: 1", "plan: line")]
    public async Task P10_Plan_with_a_fault_is_refused_before_anything_is_made(string sound, string faulty, string reason)
    {
        using SignerWorld world = new();
        (await world.CeremonyAsync(plan => plan.Contains(sound, StringComparison.Ordinal) ? plan.Replace(sound, faulty, StringComparison.Ordinal) : throw new ArgumentException("no such text", nameof(sound))))
            .Refused(reason);
        Assert.That(Directory.EnumerateFileSystemEntries(world.Folder).Select(Path.GetFileName), Is.EquivalentTo(["pins", "ceremony.yaml"]));
    }

    private static int VerifyTranscript(SignerWorld world, string transcript, string label) =>
        Programs.Run("openssl", "dgst", "-sha256", "-verify", Path.Combine(world.HomeFolder.Keys, label + ".pem"), "-signature", $"{transcript}.{label}.sig", transcript).ExitCode;

    [Test]
    public async Task Ed25519_keys_make_releases_as_well()
    {
        using SignerWorld world = await SignerWorld.CreateAsync(static plan => plan
            .Replace("token: release, algorithm: ecdsa-p256", "token: release, algorithm: ed25519", StringComparison.Ordinal)
            .Replace("token: online, algorithm: ecdsa-p256", "token: online, algorithm: ed25519", StringComparison.Ordinal));
        string digest = await world.ReleaseAsync("1.0.0");
        Assert.That(Client.Manifest(world, "1.0.0").Digest.ToString(), Is.EqualTo(digest));
    }
}
