using System.Collections.Concurrent;
using Fota.Interop.Cryptoki;
using Fota.Interop.Tests.Faults;
using Fota.TestKit;

namespace Fota.Interop.Tests.Recovering;

/// <summary>What goes wrong before a token was ever open.</summary>
[TestFixture]
public sealed class FirstOpeningTests
{
    private const ulong DeviceError = 0x30;

    private TestToken _made = null!;
    private TestToken _doubted = null!;
    private FaultyLibrary _faulty = null!;

    [OneTimeSetUp]
    public void MakeTokens() => (_made, _doubted) = (SoftHsm.Shared.CreateToken("first"), SoftHsm.Shared.CreateToken("doubted"));

    [SetUp]
    public void LoadModule() => _faulty = new FaultyLibrary();

    [TearDown]
    public void Unload() => _faulty.Dispose();

    [Test]
    public void A49_Token_that_came_after_the_module_was_initialised_is_found()
    {
        Action putBack = SoftHsm.Shared.Remove(_made);
        _faulty.Library.Module.Reinitialize(_faulty.Library.Module.Module.Initialization);
        putBack();
        FaultPlan.Reset();
        using Token token = Open();
        Assert.That((token.Description.Serial, FaultPlan.CallsOf("C_Initialize")), Is.EqualTo((_made.Description.Serial, 1)));
    }

    [Test]
    public void Token_that_there_is_not_is_looked_for_anew_once_in_a_while()
    {
        foreach (int initializations in new[] { 1, 1, 2 })
        {
            Assert.That(
                () => Token.Open(_faulty.Library, "no such token", _made.Pin),
                Throws.TypeOf<CryptokiRefusalException>().With.Property("Reason").EqualTo(CryptokiRefusal.TokenNotFound).And.Message.EqualTo("no token 'no such token'"));
            Assert.That(FaultPlan.CallsOf("C_Initialize"), Is.EqualTo(initializations));
            _faulty.Clock.Advance(CircuitBreaker.FirstPause / 2);
        }
    }

    [TestCase("C_GetSlotList")]
    [TestCase("C_GetTokenInfo")]
    [TestCase("C_OpenSession")]
    public void A49_Any_code_of_the_table_in_the_first_opening_on_four_threads_ends_in_an_open_token(string function)
    {
        foreach (ulong code in RecoveryTable.Listed.Where(static row => row.Value is not (Recovery.Success or Recovery.NeverAgain)).Select(static row => row.Key))
        {
            ConcurrentQueue<Token> open = [];
            FaultPlan.Reset();
            FaultPlan.AnswerEachThreadOnce(function, code);
            Assert.That(ThreadsAtOnce.Run(() => open.Enqueue(OpenPatiently())), Is.Empty, new ReturnValue(code).Name);
            Assert.That((open.Count, FaultPlan.ThreadsHit > 0), Is.EqualTo((ThreadsAtOnce.Count, true)));
            Array.ForEach([.. open], static token => token.Dispose());
            _faulty.Clock.Advance(CircuitBreaker.LongestPause);
        }
    }

    [Test]
    public void A50_Pin_of_which_nothing_is_known_is_not_given_again_by_opening_anew_before_its_turn()
    {
        FaultPlan.AnswerNext("C_Login", DeviceError);
        Assert.That(Open, Throws.TypeOf<CryptokiException>().With.Message.EqualTo("C_Login: CKR_DEVICE_ERROR"));
        Assert.That(Open, Throws.TypeOf<CryptokiRefusalException>().With.Property("Reason").EqualTo(CryptokiRefusal.TokenAway));
        Assert.That(FaultPlan.CallsOf("C_Login"), Is.EqualTo(1));
        _faulty.Clock.Advance(CircuitBreaker.FirstPause);
        using Token token = Open();
        Assert.That((FaultPlan.CallsOf("C_Login"), FaultPlan.CallsOf("C_Initialize")), Is.EqualTo((2, 1)));
    }

    [Test]
    public void A50_Refused_pin_is_not_given_again_by_a_library_that_is_loaded_later_and_another_one_is()
    {
        TestToken made = SoftHsm.Shared.CreateToken("later");
        using Pin wrong = SoftHsm.RandomPin();
        Assert.That(() => Token.Open(_faulty.Library, made.Label, wrong), Throws.TypeOf<CryptokiException>().With.Message.EqualTo("C_Login: CKR_PIN_INCORRECT"));
        using CryptokiLibrary later = CryptokiLibrary.Load(SoftHsm.ModulePath);
        Assert.That(
            () => Token.Open(later, made.Label, wrong),
            Throws.TypeOf<CryptokiRefusalException>().With.Property("Reason").EqualTo(CryptokiRefusal.CredentialFailedBefore).And.Message.Contains("refused this PIN before"));
        Assert.That(FaultPlan.CallsOf("C_Login"), Is.EqualTo(1));
        using Token token = Token.Open(later, made.Label, made.Pin);
    }

    [TestCaseSource(nameof(PassingCodes))]
    public void A50_Pin_is_given_twice_at_most_by_one_opening_whatever_the_token_answers(ulong code)
    {
        FaultPlan.AnswerNext("C_Login", code, times: 100);
        Assert.That(() => Token.Open(_faulty.Library, _doubted.Label, _doubted.Pin), Throws.InstanceOf<System.Security.Cryptography.CryptographicException>());
        Assert.That(FaultPlan.CallsOf("C_Login"), Is.InRange(1, 2));
    }

    [TestCase("C_Login", 0x31UL)]
    [TestCase("C_Login", 0xB1UL)]
    public void A50_Login_that_met_a_shortage_is_repeated_once(string function, ulong code)
    {
        FaultPlan.AnswerNext(function, code);
        using Token token = Open();
        Assert.That(FaultPlan.CallsOf(function), Is.EqualTo(2));
    }

    private static IEnumerable<ulong> PassingCodes => RecoveryTable.Listed.Where(static row => row.Value is not (Recovery.Success or Recovery.NeverAgain)).Select(static row => row.Key);

    private Token Open() => Token.Open(_faulty.Library, _made.Label, _made.Pin);

    private Token OpenPatiently()
    {
        for (int attempt = 0; attempt < 20; attempt++)
        {
            try
            {
                return Open();
            }
            catch (CryptokiRefusalException e) when (e.RetryAfter is { } pause)
            {
                _faulty.Clock.Advance(pause);
            }
        }

        throw new TimeoutException("the token did not open");
    }
}
