using System.Text;
using Fota.Interop.Cryptoki;
using Fota.TestKit;

namespace Fota.Interop.Tests;

[TestFixture]
public sealed class LoginTests
{
    private const nuint SessionHandleInvalid = 0xB3;
    private const nuint PinLocked = 0xA4;

    [Test]
    public void A50_Wrong_pin_is_never_retried()
    {
        TestToken made = SoftHsm.Shared.CreateToken("wrong pin");
        using var module = FaultyModule.Load();
        using Pin wrong = SoftHsm.RandomPin();
        CryptokiException? refusal = Assert.Throws<CryptokiException>(() => Token.Open(module.Library, made.Label, wrong));
        Assert.That(refusal!.Message, Is.EqualTo("C_Login: CKR_PIN_INCORRECT"));
        Assert.That(FaultyModule.Logins, Is.EqualTo(1));

        // The right PIN is not tried either: only a person knows that it is right.
        foreach (Pin pin in new[] { wrong, made.Pin })
        {
            Assert.That(
                () => Token.Open(module.Library, made.Label, pin),
                Throws.TypeOf<CryptokiRefusalException>().With.Property("Reason").EqualTo(CryptokiRefusal.CredentialFailedBefore));
        }

        Assert.That(FaultyModule.Logins, Is.EqualTo(1));
        Assert.That(DescriptionOf(module.Library, made).IsUserPinCountLow, Is.True);
    }

    [Test]
    public void A50_Wrong_pin_for_an_open_token_is_refused_without_asking_the_token()
    {
        TestToken made = SoftHsm.Shared.CreateToken("open");
        using var module = FaultyModule.Load();
        using Token token = Token.Open(module.Library, made.Label, made.Pin);
        using Pin wrong = SoftHsm.RandomPin();
        Assert.That(
            () => Token.Open(module.Library, made.Label, wrong),
            Throws.TypeOf<CryptokiException>().With.Message.EqualTo("C_Login: CKR_PIN_INCORRECT (the token is open with another PIN)"));
        Assert.That(FaultyModule.Logins, Is.EqualTo(1));
        Assert.That(token.FindKeys(), Is.Empty);
    }

    [Test]
    public void A50_Token_at_its_final_try_is_not_logged_in_to()
    {
        TestToken made = SoftHsm.Shared.CreateToken("final try");
        using var module = FaultyModule.Load();
        FaultyModule.AddTokenFlags(Pkcs11.CKF_USER_PIN_FINAL_TRY);
        Assert.That(
            () => Token.Open(module.Library, made.Label, made.Pin),
            Throws.TypeOf<CryptokiRefusalException>().With.Property("Reason").EqualTo(CryptokiRefusal.PinFinalTry));
        Assert.That(FaultyModule.Logins, Is.Zero);
    }

    [Test]
    public void A50_Locked_token_is_not_logged_in_to()
    {
        TestToken made = SoftHsm.Shared.CreateToken("locked");
        using var module = FaultyModule.Load();
        FaultyModule.AddTokenFlags(Pkcs11.CKF_USER_PIN_LOCKED);
        Assert.That(
            () => Token.Open(module.Library, made.Label, made.Pin),
            Throws.TypeOf<CryptokiRefusalException>().With.Property("Reason").EqualTo(CryptokiRefusal.PinLocked));
        Assert.That(FaultyModule.Logins, Is.Zero);
    }

    [Test]
    public void A50_Lost_session_is_reopened_once()
    {
        TestToken made = SoftHsm.Shared.CreateToken("lost session");
        using var module = FaultyModule.Load();
        using Token token = Token.Open(module.Library, made.Label, made.Pin);
        TokenKey key = token.GenerateKey(KeyAlgorithm.EcdsaP256, "key");
        int sessions = FaultyModule.SessionsOpened;
        FaultyModule.FailSignatures(1, SessionHandleInvalid);
        Assert.That(key.Sign("message"u8), Has.Length.EqualTo(64));
        Assert.That((FaultyModule.Signatures, FaultyModule.SessionsOpened - sessions, FaultyModule.Logins), Is.EqualTo((2, 1, 1)));
    }

    [Test]
    public void A50_Session_lost_twice_is_an_error()
    {
        TestToken made = SoftHsm.Shared.CreateToken("lost twice");
        using var module = FaultyModule.Load();
        using Token token = Token.Open(module.Library, made.Label, made.Pin);
        TokenKey key = token.GenerateKey(KeyAlgorithm.EcdsaP256, "key");
        FaultyModule.FailSignatures(2, SessionHandleInvalid);
        Assert.That(
            () => key.Sign("message"u8),
            Throws.TypeOf<CryptokiException>().With.Message.EqualTo("C_Sign: CKR_SESSION_HANDLE_INVALID"));
        Assert.That(FaultyModule.Signatures, Is.EqualTo(2));
        Assert.That(key.Sign("message"u8), Has.Length.EqualTo(64));
    }

    [Test]
    public void A50_Login_lost_with_all_sessions_is_made_again_once()
    {
        TestToken made = SoftHsm.Shared.CreateToken("all lost");
        using var module = FaultyModule.Load();
        using Token token = Token.Open(module.Library, made.Label, made.Pin);
        TokenKey key = token.GenerateKey(KeyAlgorithm.EcdsaP256, "key");
        FaultyModule.CloseAllSessions(made.Description);
        Assert.That(key.Sign("message"u8), Has.Length.EqualTo(64));
        FaultyModule.CloseAllSessions(made.Description);
        Assert.That(token.FindKeys(), Has.Count.EqualTo(1));
        Assert.That(FaultyModule.Logins, Is.EqualTo(3));
    }

    [Test]
    public void A50_Login_lost_under_four_threads_is_made_again_once()
    {
        TestToken made = SoftHsm.Shared.CreateToken("threads lost");
        using var module = FaultyModule.Load();
        using Token token = Token.Open(module.Library, made.Label, made.Pin);
        TokenKey key = token.GenerateKey(KeyAlgorithm.EcdsaP256, "key");
        FaultyModule.CloseAllSessions(made.Description);
        Parallel.For(0, 16, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ => key.Sign("message"u8));
        Assert.That(FaultyModule.Logins, Is.EqualTo(2));
    }

    [Test]
    public void Logged_out_session_does_not_pass_for_an_empty_token()
    {
        TestToken made = SoftHsm.Shared.CreateToken("logged out");
        using var module = FaultyModule.Load();
        using Token token = Token.Open(module.Library, made.Label, made.Pin);
        token.GenerateKey(KeyAlgorithm.EcdsaP256, "key");
        using (SessionHandle stranger = FaultyModule.OpenSession(module.Library, made.Description))
        {
            stranger.LogOut();
        }

        Assert.That(token.FindKeys(), Has.Count.EqualTo(1));
        Assert.That(FaultyModule.Logins, Is.EqualTo(2));
    }

    [Test]
    public void Login_lost_during_a_search_does_not_pass_for_an_empty_token()
    {
        TestToken made = SoftHsm.Shared.CreateToken("lost in search");
        using var module = FaultyModule.Load();
        using Token token = Token.Open(module.Library, made.Label, made.Pin);
        token.GenerateKey(KeyAlgorithm.EcdsaP256, "key");
        FaultyModule.CloseAllSessionsInNextSearch(made.Description);
        Assert.That(token.FindKeys(), Has.Count.EqualTo(1));
    }

    [Test]
    public void A50_Pin_refused_when_a_lost_login_is_made_again_is_never_retried()
    {
        TestToken made = SoftHsm.Shared.CreateToken("changed pin");
        using var module = FaultyModule.Load();
        using Token token = Token.Open(module.Library, made.Label, made.Pin);
        TokenKey key = token.GenerateKey(KeyAlgorithm.EcdsaP256, "key");
        TokenLogin login = module.Library.Module.Module.LoginTo(made.Label);
        FaultyModule.CloseAllSessions(made.Description);
        FaultyModule.FailLogins(Pkcs11.CKR_PIN_INCORRECT);
        Assert.That(() => key.Sign("message"u8), Throws.TypeOf<CryptokiException>().With.Message.EqualTo("C_Login: CKR_PIN_INCORRECT"));

        // A thread whose call failed at the same moment comes second to the recovery, and must not ask the token again.
        foreach (Action later in new Action[] { () => login.Current(module.Library), () => key.Sign("message"u8) })
        {
            Assert.That(
                later, Throws.TypeOf<CryptokiRefusalException>().With.Property("Reason").EqualTo(CryptokiRefusal.CredentialFailedBefore));
        }

        Assert.That(FaultyModule.Logins, Is.EqualTo(2));
    }

    [Test]
    public void A50_Token_whose_login_was_refused_is_not_used_though_its_sessions_live()
    {
        TestToken made = SoftHsm.Shared.CreateToken("barred");
        using var module = FaultyModule.Load();
        using Token token = Token.Open(module.Library, made.Label, made.Pin);
        TokenKey key = token.GenerateKey(KeyAlgorithm.EcdsaP256, "key");
        module.Library.Refuse(made.Label);
        Assert.That(
            () => key.Sign("message"u8),
            Throws.TypeOf<CryptokiRefusalException>().With.Property("Reason").EqualTo(CryptokiRefusal.CredentialFailedBefore));
        Assert.That(FaultyModule.Signatures, Is.Zero);
    }

    [Test]
    public void Login_by_other_code_of_the_process_is_not_taken_for_our_own()
    {
        TestToken made = SoftHsm.Shared.CreateToken("elsewhere");
        using var module = FaultyModule.Load();
        using SessionHandle stranger = FaultyModule.OpenSession(module.Library, made.Description);
        stranger.LogIn(Pkcs11.CKU_USER, made.Pin);
        using Pin wrong = SoftHsm.RandomPin();
        Assert.That(
            () => Token.Open(module.Library, made.Label, wrong),
            Throws.TypeOf<CryptokiRefusalException>().With.Property("Reason").EqualTo(CryptokiRefusal.LoggedInElsewhere));
    }

    [Test]
    public void Failed_call_names_its_function_and_code()
    {
        TestToken made = SoftHsm.Shared.CreateToken("named");
        using var module = FaultyModule.Load();
        using Token token = Token.Open(module.Library, made.Label, made.Pin);
        TokenKey key = token.GenerateKey(KeyAlgorithm.EcdsaP256, "key");
        FaultyModule.FailSignatures(1, PinLocked);
        CryptokiException? failure = Assert.Throws<CryptokiException>(() => key.Sign("message"u8));
        Assert.That((failure!.Message, failure.Function, failure.Code.Code), Is.EqualTo(("C_Sign: CKR_PIN_LOCKED", "C_Sign", (ulong)PinLocked)));
        Assert.That(FaultyModule.Signatures, Is.EqualTo(1));
    }

    [Test]
    public void Pin_is_zeroed_and_never_printed()
    {
        var pin = Pin.FromUtf8("1234"u8);
        ReadOnlySpan<byte> bytes = pin.Bytes;
        Assert.That(Encoding.UTF8.GetString(bytes), Is.EqualTo("1234"));
        Assert.That(pin.ToString(), Does.Not.Contain("1234"));
        pin.Dispose();
        Assert.That(bytes.ToArray(), Is.All.Zero);
        Assert.That(() => pin.Bytes.Length, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => Pin.FromUtf8([]), Throws.ArgumentException);
    }

    private static TokenDescription DescriptionOf(CryptokiLibrary library, TestToken token) =>
        library.GetTokens().Single(other => string.Equals(other.Label, token.Label, StringComparison.Ordinal));
}
