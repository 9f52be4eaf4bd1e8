using Fota.Interop.Cryptoki;
using Fota.TestKit;

namespace Fota.Interop.Tests;

[TestFixture]
public sealed class CryptokiLibraryTests
{
    private static CryptokiLibrary Library => SoftHsm.Shared.Library;

    [Test]
    public void Module_describes_itself() => Assert.That(Library.Describe(), Does.StartWith("Implementation of PKCS11 by SoftHSM, version 2."));

    [Test]
    public void Missing_module_is_refused_with_its_path() => Assert.That(
        () => CryptokiLibrary.Load("/nonexistent/module.so"),
        Throws.TypeOf<CryptokiRefusalException>()
            .With.Property("Reason").EqualTo(CryptokiRefusal.ModuleMissing)
            .And.Message.EqualTo("no PKCS#11 module at /nonexistent/module.so"));

    [Test]
    public void File_that_is_no_library_is_refused()
    {
        string path = typeof(CryptokiLibraryTests).Assembly.Location;
        Assert.That(
            () => CryptokiLibrary.Load(path),
            Throws.TypeOf<CryptokiRefusalException>()
                .With.Property("Reason").EqualTo(CryptokiRefusal.NotAModule).And.Message.Contains("cannot be loaded"));
    }

    [Test]
    public void Library_that_is_no_module_is_refused()
    {
        string path = Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "libSystem.Native.so");
        Assert.That(
            () => CryptokiLibrary.Load(path),
            Throws.TypeOf<CryptokiRefusalException>()
                .With.Property("Reason").EqualTo(CryptokiRefusal.NotAModule).And.Message.Contains("no C_GetFunctionList"));
    }

    [Test]
    public void Initialized_token_is_listed_with_its_label()
    {
        TestToken made = SoftHsm.Shared.CreateToken("listed");
        TokenDescription token = Library.GetTokens().Single(other => string.Equals(other.Label, made.Label, StringComparison.Ordinal));
        Assert.That(token, Is.EqualTo(made.Description));
        Assert.That((token.IsInitialized, token.IsUserPinInitialized, token.IsUserPinLocked), Is.EqualTo((true, true, false)));
        Assert.That(token.Manufacturer, Is.EqualTo("SoftHSM project"));
    }

    [Test]
    public void Token_label_that_exists_is_refused()
    {
        TestToken made = SoftHsm.Shared.CreateToken("exists");
        Assert.That(
            () => Library.InitializeToken(made.Label, made.Pin, made.Pin),
            Throws.TypeOf<CryptokiRefusalException>().With.Property("Reason").EqualTo(CryptokiRefusal.TokenExists));
    }

    [Test]
    public void Label_longer_than_the_token_takes_is_refused()
    {
        using Pin pin = SoftHsm.RandomPin();
        Assert.That(() => Library.InitializeToken(new string('x', 33), pin, pin), Throws.ArgumentException);
    }

    [Test]
    public void Pin_of_a_length_that_the_token_refuses_leaves_no_token_behind()
    {
        using Pin pin = SoftHsm.RandomPin();
        using var tooShort = Pin.FromUtf8("123"u8);
        Assert.That(
            () => Library.InitializeToken("short pin", pin, tooShort),
            Throws.TypeOf<CryptokiRefusalException>().With.Property("Reason").EqualTo(CryptokiRefusal.PinLength));
        Assert.That(Library.GetTokens().Select(token => token.Label), Has.None.EqualTo("short pin"));
    }

    [Test]
    public void Missing_token_is_refused()
    {
        using Pin pin = SoftHsm.RandomPin();
        Assert.That(
            () => Token.Open(Library, "absent", pin),
            Throws.TypeOf<CryptokiRefusalException>().With.Property("Reason").EqualTo(CryptokiRefusal.TokenNotFound));
    }

    [Test]
    public void Second_library_on_a_module_leaves_it_initialized_for_the_first()
    {
        using (var module = FaultyModule.Load())
        {
            Assert.That(module.Library.GetTokens(), Is.Not.Empty);
        }

        Assert.That(FaultyModule.Finalizations, Is.Zero);
        Assert.That(Library.GetTokens(), Is.Not.Empty);
    }

    [Test]
    public void Library_disposed_of_under_an_open_token_lets_it_finish()
    {
        TestToken made = SoftHsm.Shared.CreateToken("finish");
        var module = FaultyModule.Load();
        using Token token = Token.Open(module.Library, made.Label, made.Pin);
        TokenKey key = token.GenerateKey(KeyAlgorithm.EcdsaP256, "key");
        module.Dispose();
        Assert.That(key.Sign("message"u8), Has.Length.EqualTo(64));
        Assert.That(() => module.Library.GetTokens(), Throws.TypeOf<ObjectDisposedException>());
    }
}
