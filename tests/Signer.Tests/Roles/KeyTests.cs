using Fota.Interop.Cryptoki;
using Fota.Manifest.Keys;
using Fota.TestKit;

namespace Fota.Signer.Tests.Roles;

/// <summary>Keys that are made after the ceremony.</summary>
[TestFixture]
public sealed class KeyTests
{
    private SignerWorld _world = null!;

    [SetUp]
    public async Task MakeHome() => _world = await SignerWorld.CreateAsync();

    [TearDown]
    public void RemoveHome() => _world.Dispose();

    [TestCase("ecdsa-p256", "Esp256")]
    [TestCase("ed25519", "Ed25519")]
    public async Task P7_Key_is_made_on_its_token_and_is_never_extractable(string algorithm, string verified)
    {
        string id = (await _world.MakeKeyAsync("root-4", null, "--algorithm", algorithm)).Ok().Value("key id");
        using CryptokiLibrary library = CryptokiLibrary.Load(SoftHsm.ModulePath);
        using Pin pin = Pin.FromUtf8("pin of root-4"u8);
        using Token token = Token.Open(library, _world.Token("root-4"), pin);
        TokenKey key = token.FindKey("root-4");
        VerificationKey recorded = VerificationKey.FromPem(await File.ReadAllTextAsync(_world.HomeFolder.PublicKeyFile("root-4")));
        Assert.That((key.IsSensitive, key.IsNeverExtractable, recorded.Id.ToString(), recorded.Algorithm.ToString()), Is.EqualTo((true, true, id, verified)));
        Assert.That(VerificationKey.FromSubjectPublicKeyInfo(key.SubjectPublicKeyInfo), Is.EqualTo(recorded));
    }

    [Test]
    public async Task Ed25519_key_signs_for_root()
    {
        (await _world.MakeKeyAsync("root-4", null, "--algorithm", "ed25519")).Ok();
        await _world.ChangeAsync("--role root --add-key root-4 --remove-key root-1", "root-2 root-3 root-4");
        Assert.That(Client.Update(_world).Root.Version, Is.EqualTo(2));
    }

    [Test]
    public async Task Label_that_the_home_has_is_refused() => (await _world.MakeKeyAsync("root-1")).Refused("this home has a key 'root-1' already");

    [TestCase("Root")]
    [TestCase("../root")]
    public async Task P10_Label_that_is_no_name_is_an_error_of_usage(string label)
    {
        CommandResult result = await _world.RunAsync("key", "make", "--home", _world.Home, "--label", label, "--token", "t");
        Assert.That((result.ExitCode, result.Error), Is.EqualTo((2, $"--label: wanted 1 to 32 of a-z, 0-9 and '-', got \"{label}\".")));
    }

    [Test]
    public async Task P7_Extractable_key_is_refused_and_not_recorded()
    {
        _world.Module = static module => new FaultyModule(module, static sign => sign(), isExtractable: true);
        (await _world.MakeKeyAsync("root-4")).Refused("wanted a sensitive key that was never extractable");
        Assert.That(File.Exists(_world.HomeFolder.PublicKeyFile("root-4")), Is.False);
    }

    [Test]
    public async Task P6_Key_is_not_made_by_a_process_that_reaches_a_threshold_of_pins()
    {
        _world.Environment[Keys.PinSource.VariableOf(_world.Token("release"))] = "pin of release";
        (await _world.MakeKeyAsync("approver-2", "approver")).Refused("this process can reach 2 keys of product infusion-pump (release, approver)");
    }
}
