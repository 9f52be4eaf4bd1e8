using Fota.Interop.Cryptoki;
using Fota.Interop.Tests.Faults;
using Fota.TestKit;
using NUnit.Framework.Constraints;

namespace Fota.Interop.Tests.Recovering;

/// <summary>A test for each row of the recovery table.</summary>
[TestFixture]
public sealed class RecoveryRowTests
{
    private const ulong DeviceError = 0x30, DeviceRemoved = 0x32, VendorDefined = 0x80000000;

    private TestToken _made = null!;
    private RecoveryWorld _world = null!;

    private static IEnumerable<ulong> BackOff => Row(Recovery.BackOff);

    private static IEnumerable<ulong> NewSession => Row(Recovery.NewSession);

    private static IEnumerable<ulong> LogIn => Row(Recovery.LogIn);

    private static IEnumerable<ulong> Reinitialize => Row(Recovery.Reinitialize);

    private static IEnumerable<ulong> Probe => Row(Recovery.Probe);

    private static IEnumerable<ulong> NeverAgain => Row(Recovery.NeverAgain);

    private static IEnumerable<ulong> Fatal =>
        ReturnValue.NamedCodes.Append(0x7777UL).Append(VendorDefined).Append(VendorDefined + 5).Where(static code => RecoveryTable.Of(code) == Recovery.Fatal);

    // One token for all: the more there are, the longer the module takes to be initialised anew.
    [OneTimeSetUp]
    public void MakeToken() => _made = SoftHsm.Shared.CreateToken("row");

    [SetUp]
    public void OpenToken() => _world = new RecoveryWorld(_made);

    [TearDown]
    public void CloseToken() => _world.Dispose();

    // One whose PIN is refused for good.
    private void OpenTokenOfItsOwn()
    {
        _world.Dispose();
        _world = new RecoveryWorld("refused");
    }

    [TestCaseSource(nameof(BackOff))]
    public void A49_Shortage_is_waited_out(ulong code)
    {
        FaultPlan.AnswerNext("C_Sign", code, times: 3);
        _world.Sign();
        Assert.That((FaultPlan.CallsOf("C_Sign"), _world.Clock.Elapsed), Is.EqualTo((4, TimeSpan.FromMilliseconds(5 + 10 + 20))));
    }

    [TestCaseSource(nameof(BackOff))]
    public void Shortage_that_stays_is_an_error_after_five_pauses(ulong code)
    {
        FaultPlan.AnswerNext("C_Sign", code, times: 100);
        Assert.That(_world.Sign, Fails("C_Sign", code));
        Assert.That((FaultPlan.CallsOf("C_Sign"), _world.Clock.Elapsed), Is.EqualTo((6, TimeSpan.FromMilliseconds(5 + 10 + 20 + 40 + 80))));
    }

    [TestCaseSource(nameof(NewSession))]
    public void A50_Session_of_no_use_is_replaced_once(ulong code)
    {
        FaultPlan.AnswerNext("C_Sign", code);
        _world.Sign();
        Assert.That((FaultPlan.CallsOf("C_Sign"), FaultPlan.CallsOf("C_OpenSession"), FaultPlan.CallsOf("C_Login")), Is.EqualTo((2, 1, 0)));
        FaultPlan.AnswerNext("C_Sign", code, times: 2);
        Assert.That(_world.Sign, Fails("C_Sign", code));
    }

    [TestCaseSource(nameof(LogIn))]
    public void Key_that_vanished_from_a_session_that_is_logged_in_is_found_anew_without_a_login(ulong code)
    {
        FaultPlan.AnswerNext("C_SignInit", code);
        _world.Sign();
        Assert.That((FaultPlan.CallsOf("C_SignInit"), FaultPlan.CallsOf("C_FindObjectsInit"), FaultPlan.CallsOf("C_Login")), Is.EqualTo((2, 1, 0)));
        FaultPlan.AnswerNext("C_SignInit", code, times: 2);
        Assert.That(_world.Sign, Fails("C_SignInit", code));
    }

    [Test]
    public void A50_Keys_that_vanished_from_a_public_session_are_found_after_one_login()
    {
        using (SessionHandle stranger = _world.OpenSession())
        {
            stranger.LogOut();
        }

        _world.Sign();
        Assert.That((FaultPlan.CallsOf("C_Login"), FaultPlan.CallsOf("C_Initialize")), Is.EqualTo((1, 0)));
    }

    [TestCaseSource(nameof(Reinitialize))]
    public void A49_Lost_module_is_initialised_anew_once(ulong code)
    {
        FaultPlan.AnswerNext("C_Sign", code);
        _world.Sign();
        Assert.That(
            (FaultPlan.CallsOf("C_Finalize"), FaultPlan.CallsOf("C_Initialize"), FaultPlan.CallsOf("C_Login"), FaultPlan.CallsOf("C_Sign")),
            Is.EqualTo((1, 1, 1, 2)));
    }

    [TestCaseSource(nameof(Probe))]
    public void Device_that_answers_when_it_is_asked_gets_the_request_once_more_and_is_not_initialised_anew(ulong code)
    {
        FaultPlan.AnswerNext("C_Sign", code);
        _world.Sign();
        Assert.That((FaultPlan.CallsOf("C_Sign"), FaultPlan.CallsOf("C_GetTokenInfo"), FaultPlan.CallsOf("C_Initialize")), Is.EqualTo((2, 1, 0)));
        FaultPlan.AnswerNext("C_Sign", code, times: 2);
        Assert.That(_world.Sign, Fails("C_Sign", code), "the request's own fault");
        Assert.That(FaultPlan.CallsOf("C_Initialize"), Is.Zero);
    }

    [TestCaseSource(nameof(Probe))]
    public void Device_that_does_not_answer_when_it_is_asked_is_initialised_anew(ulong code)
    {
        FaultPlan.AnswerEachThreadOnce("C_GetTokenInfo", DeviceError);
        FaultPlan.AnswerNext("C_Sign", code);
        _world.Sign();
        Assert.That((FaultPlan.CallsOf("C_Initialize"), FaultPlan.CallsOf("C_Login")), Is.EqualTo((1, 1)));
    }

    [TestCaseSource(nameof(NeverAgain))]
    public void A50_Pin_that_is_refused_is_never_given_again(ulong code)
    {
        OpenTokenOfItsOwn();
        FaultPlan.AnswerEachThreadOnce("C_Login", code);
        FaultPlan.AnswerNext("C_Sign", DeviceRemoved);
        Assert.That(_world.Sign, Fails("C_Login", code));
        for (int i = 0; i < 3; i++)
        {
            _world.Clock.Advance(CircuitBreaker.LongestPause);
            Assert.That(_world.Sign, Refused(CryptokiRefusal.CredentialFailedBefore));
        }

        Assert.That(FaultPlan.CallsOf("C_Login"), Is.EqualTo(1));
    }

    [Test]
    public void A50_Pin_of_which_a_vendors_code_says_nothing_known_is_never_given_again()
    {
        OpenTokenOfItsOwn();
        FaultPlan.AnswerEachThreadOnce("C_Login", 0x80000010);
        FaultPlan.AnswerNext("C_Sign", DeviceRemoved);
        Assert.That(_world.Sign, Fails("C_Login", 0x80000010));
        Assert.That(_world.Sign, Refused(CryptokiRefusal.CredentialFailedBefore));
        Assert.That(FaultPlan.CallsOf("C_Login"), Is.EqualTo(1));
    }

    [Test]
    public void A50_Pin_that_was_refused_is_not_given_through_another_library_either()
    {
        OpenTokenOfItsOwn();
        using var other = CryptokiLibrary.Load(SoftHsm.ModulePath);
        using Token second = Token.Open(other, _world.Made.Label, _world.Made.Pin);
        FaultPlan.AnswerEachThreadOnce("C_Login", Pkcs11.CKR_PIN_INCORRECT);
        FaultPlan.AnswerNext("C_Sign", DeviceRemoved);
        Assert.That(_world.Sign, Fails("C_Login", Pkcs11.CKR_PIN_INCORRECT));
        Assert.That(() => second.FindKeys(), Refused(CryptokiRefusal.CredentialFailedBefore));
    }

    [TestCaseSource(nameof(Probe))]
    public void A50_Login_that_is_neither_good_nor_refused_waits_its_turn_before_it_is_made_again(ulong code)
    {
        FaultPlan.AnswerEachThreadOnce("C_Login", code);
        using (SessionHandle stranger = _world.OpenSession())
        {
            stranger.LogOut();
        }

        Assert.That(_world.Sign, Fails("C_Login", code));
        Assert.That(_world.Sign, Refused(CryptokiRefusal.TokenAway));
        Assert.That(FaultPlan.CallsOf("C_Login"), Is.EqualTo(1));
        _world.Clock.Advance(CircuitBreaker.FirstPause);
        _world.Sign();
        Assert.That((FaultPlan.CallsOf("C_Login"), FaultPlan.CallsOf("C_Initialize")), Is.EqualTo((2, 1)));
    }

    [Test]
    public void Any_other_code_is_an_error_at_once_and_says_its_number()
    {
        foreach (ulong code in Fatal)
        {
            FaultPlan.Reset();
            FaultPlan.AnswerNext("C_Sign", code);
            Assert.That(_world.Sign, Fails("C_Sign", code).And.Message.Contains(code >= VendorDefined ? $"CKR_VENDOR_DEFINED+0x{code - VendorDefined:x}" : "CKR_"));
            Assert.That(FaultPlan.CallsOf("C_Sign"), Is.EqualTo(1));
            _world.Sign();
        }
    }

    [Test]
    public void A49_Second_loss_within_the_pause_leaves_the_module_alone()
    {
        FaultPlan.AnswerNext("C_Sign", DeviceRemoved);
        _world.Sign();
        FaultPlan.AnswerNext("C_Sign", DeviceRemoved);
        CryptokiRefusalException? away = Assert.Throws<CryptokiRefusalException>(_world.Sign);
        Assert.That((away!.Reason, away.RetryAfter, away.IsPassing), Is.EqualTo((CryptokiRefusal.TokenAway, (TimeSpan?)CircuitBreaker.FirstPause, true)));
        Assert.That(away.Message, Does.Contain("C_Sign: CKR_DEVICE_REMOVED").And.Contain("after 0.25 s"));
        Assert.That(FaultPlan.CallsOf("C_Initialize"), Is.EqualTo(1));
    }

    [Test]
    public void A50_Token_at_its_final_try_is_not_logged_in_to_again()
    {
        FaultPlan.FlagTokens(Pkcs11.CKF_USER_PIN_FINAL_TRY);
        FaultPlan.AnswerNext("C_Sign", DeviceRemoved);
        Assert.That(_world.Sign, Refused(CryptokiRefusal.PinFinalTry));
        Assert.That(FaultPlan.CallsOf("C_Login"), Is.Zero);
    }

    [Test]
    public void Token_that_came_in_the_place_of_ours_is_not_given_our_pin()
    {
        Action putBack = SoftHsm.Shared.Remove(_world.Made);
        using Pin pin = SoftHsm.RandomPin();
        TokenDescription stranger = _world.Library.InitializeToken(_world.Made.Label, pin, pin);
        FaultPlan.Reset();
        Assert.That(
            _world.Sign,
            Refused(CryptokiRefusal.TokenReplaced).And.Message.Contains($"wanted serial number {_world.Made.Description.Serial}, got {stranger.Serial}"));
        Assert.That(FaultPlan.CallsOf("C_Login"), Is.Zero);
        SoftHsm.Shared.Remove(new TestToken(stranger.Label, pin, stranger));
        putBack();
    }

    private static IEnumerable<ulong> Row(Recovery row) => RecoveryTable.Listed.Where(listed => listed.Value == row).Select(static listed => listed.Key);

    private static EqualConstraint<ReturnValue> Fails(string function, ulong code) => Throws.TypeOf<CryptokiException>()
        .With.Property("Function").EqualTo(function).And.Property("Code").EqualTo(new ReturnValue(code));

    private static EqualConstraint<CryptokiRefusal> Refused(CryptokiRefusal reason) =>
        Throws.TypeOf<CryptokiRefusalException>().With.Property("Reason").EqualTo(reason);
}
