using Fota.Signer.Keys;

namespace Fota.Signer.Tests;

[TestFixture]
public sealed class PinTests
{
    private SignerWorld _world = null!;

    [OneTimeSetUp]
    public async Task MakeHome() => _world = await SignerWorld.CreateAsync();

    [OneTimeTearDown]
    public void RemoveHome() => _world.Dispose();

    [Test]
    public async Task A50_Wrong_pin_is_tried_once_and_the_right_one_still_works()
    {
        int logins = 0;
        _world.Module = module => new CountingModule(module, () => logins++);
        SignerWorld.WriteSecret(_world.PathOf("wrong.pin"), "no such pin\n");
        (await OnlineWithAsync(_world.PathOf("wrong.pin"))).Refused("C_Login: CKR_PIN_INCORRECT");
        Assert.That(logins, Is.EqualTo(1));
        _world.Module = static module => module;
        (await _world.OnlineAsync()).Ok();
    }

    [Test]
    public async Task A50_Wrong_pin_ends_the_loop_too()
    {
        SignerWorld.WriteSecret(_world.PathOf("wrong.pin"), "no such pin either\n");
        (await _world.RunAsync("online", "--home", _world.Home, "--pin-file", _world.PathOf("wrong.pin"))).Refused("C_Login: CKR_PIN_INCORRECT");
    }

    [Test]
    public async Task P6_Token_whose_variable_would_be_that_of_another_one_is_no_token_of_a_home()
    {
        // Of a-z, 0-9 and '-' alone no two labels have one variable.
        using SignerWorld world = await SignerWorld.CreateAsync();
        string twin = "O" + world.Token("online")[1..];
        string settings = await File.ReadAllTextAsync(world.HomeFolder.Settings);
        await File.WriteAllTextAsync(world.HomeFolder.Settings, settings.Replace($"\"{world.Token("ca")}\"", $"\"{twin}\"", StringComparison.Ordinal));
        (await world.OnlineAsync()).Refused($"a token's label: wanted 1 to 32 of a-z, 0-9 and '-', got \"{twin}\"");
    }

    [TestCase(UnixFileMode.GroupRead, "0640")]
    [TestCase(UnixFileMode.OtherRead, "0604")]
    [TestCase(UnixFileMode.GroupWrite, "0620")]
    public async Task Pin_file_that_others_may_use_is_refused(UnixFileMode more, string shown)
    {
        string file = _world.PathOf("open.pin");
        SignerWorld.WriteSecret(file, "pin of online\n");
        SignerWorld.SetMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | more);
        (await OnlineWithAsync(file)).Refused($"wanted mode 0600, got {shown}");
    }

    [Test]
    public async Task Pin_file_of_another_user_is_refused()
    {
        string file = _world.PathOf("foreign.pin");
        SignerWorld.WriteSecret(file, "pin of online\n");
        if (Programs.Run("chown", "12345", file).ExitCode != 0)
        {
            Assert.Ignore("only root can give a file away");
        }

        (await OnlineWithAsync(file)).Refused("wanted a file that belongs to you");
    }

    [TestCase("")]
    [TestCase("\n")]
    public async Task Empty_pin_file_is_refused(string content)
    {
        SignerWorld.WriteSecret(_world.PathOf("empty.pin"), content);
        (await OnlineWithAsync(_world.PathOf("empty.pin"))).Refused("wanted 1 to 1024 bytes");
    }

    [Test]
    public async Task Missing_pin_is_one_line_that_says_how_to_give_it() =>
        (await _world.RunAsync("online", "--home", _world.Home, "--once")).Refused($"no PIN for token '{_world.Token("online")}': give --pin-file FILE (mode 0600) or set {PinSource.VariableOf(_world.Token("online"))}");

    [Test]
    public async Task Pin_in_the_environment_is_taken()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        world.Environment[PinSource.VariableOf(world.Token("online"))] = "pin of online";
        (await world.RunAsync("online", "--home", world.Home, "--once")).Ok();
    }

    [Test]
    public void Variable_of_a_token_is_its_label_in_capitals() => Assert.That(PinSource.VariableOf("root-1"), Is.EqualTo("FOTA_PIN_ROOT_1"));

    [Test]
    public async Task Pin_is_no_argument_of_any_command()
    {
        foreach (string[] command in (string[][])[["ceremony"], ["release", "create"], ["release", "approve"], ["release", "publish"], ["release", "reissue"], ["online"], ["ca", "issue"]])
        {
            Assert.That((await _world.RunAsync([.. command, "--pin", "1234"])).ExitCode, Is.EqualTo(2), string.Join(' ', command));
        }
    }

    [Test]
    public async Task Token_that_is_not_the_ceremonys_is_refused()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        string settings = await File.ReadAllTextAsync(world.HomeFolder.Settings);
        string serial = world.HomeFolder.ReadSettings().Key("online").Serial;
        await File.WriteAllTextAsync(world.HomeFolder.Settings, settings.Replace(serial, "0123456789abcdef", StringComparison.Ordinal));
        (await world.OnlineAsync()).Refused("wanted serial number 0123456789abcdef");
    }

    [Test]
    public async Task Key_that_is_not_the_ceremonys_is_refused()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        string settings = await File.ReadAllTextAsync(world.HomeFolder.Settings);
        string id = world.HomeFolder.ReadSettings().Key("online").KeyId;
        await File.WriteAllTextAsync(world.HomeFolder.Settings, settings.Replace(id, new string('0', 64), StringComparison.Ordinal));
        (await world.OnlineAsync()).Refused("wanted key id 0000");
    }

    [Test]
    public async Task P7_Key_that_the_token_calls_extractable_is_not_used()
    {
        _world.Module = static module => new FaultyModule(module, static sign => sign(), isExtractable: true);
        (await _world.OnlineAsync()).Refused("wanted a sensitive key that was never extractable");
        _world.Module = static module => module;
    }

    private Task<CommandResult> OnlineWithAsync(string pinFile) => _world.RunAsync("online", "--home", _world.Home, "--once", "--pin-file", pinFile);

    private sealed class CountingModule(ITokenModule real, Action login) : ITokenModule
    {
        public string Describe() => real.Describe();

        public void InitializeToken(string label, Interop.Cryptoki.Pin securityOfficerPin, Interop.Cryptoki.Pin pin) => real.InitializeToken(label, securityOfficerPin, pin);

        public ICryptoToken Open(string label, Interop.Cryptoki.Pin pin)
        {
            login();
            return real.Open(label, pin);
        }

        public void Dispose() => real.Dispose();
    }
}
