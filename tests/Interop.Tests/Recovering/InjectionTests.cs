using System.Collections.Concurrent;
using Fota.Interop.Cryptoki;
using Fota.Interop.Tests.Faults;
using Fota.TestKit;

namespace Fota.Interop.Tests.Recovering;

/// <summary>Return values from every function that the library calls, to four threads at once: those of the recovery table, and one of each kind that it does not list.</summary>
[TestFixture]
public sealed class InjectionTests
{
    private const ulong DeviceRemoved = 0x32, FunctionRejected = 0x200;

    // Their answer changes nothing: the session is gone, or is dropped.
    private static readonly string[] s_ignored = ["C_CloseSession", "C_FindObjectsFinal"];

    // Asked while the module is initialised anew or logged in to, so something has to be lost first; one thread may do it for all.
    private static readonly string[] s_repairs = ["C_Initialize", "C_Finalize", "C_GetSlotList", "C_GetTokenInfo", "C_OpenSession", "C_CloseSession", "C_Login"];

    // Not of an open token's life; OtherFunctionTests has them.
    private static readonly string[] s_elsewhere = ["C_GetInfo", "C_InitToken", "C_InitPIN", "C_Logout"];

    private TestToken _made = null!;

    private static IEnumerable<string> Functions => FaultPlan.Functions.Except(s_elsewhere, StringComparer.Ordinal);

    private static IEnumerable<ulong> Unnamed => [0x7777UL, 0x80000005UL];

    private static IEnumerable<ulong> TableCodes => RecoveryTable.Listed.Keys.Where(static code => code != 0).Append(FunctionRejected).Concat(Unnamed);

    private static IEnumerable<ulong> AllCodes => ReturnValue.NamedCodes.Where(static code => code != 0).Concat(Unnamed);

    [OneTimeSetUp]
    public void MakeToken() => _made = SoftHsm.Shared.CreateToken("inject");

    [TestCaseSource(nameof(Functions))]
    public void A49_Any_code_from_a_function_ends_in_a_signature_or_an_error_that_names_both(string function) => InjectAll(function, TableCodes);

    [TestCaseSource(nameof(Functions))]
    [Category("Full")]
    public void A49_Any_code_that_has_a_name_ends_in_a_signature_or_an_error_that_names_both(string function) => InjectAll(function, AllCodes);

    private void InjectAll(string function, IEnumerable<ulong> codes)
    {
        var world = new RecoveryWorld(_made);
        try
        {
            foreach (ulong code in codes)
            {
                var wanted = new CryptokiException(function, new ReturnValue(code));
                ConcurrentQueue<CryptokiException> errors = Inject(world, wanted, out int refusedLogins, out IReadOnlyCollection<Exception> unexpected);
                Assert.That(unexpected, Is.Empty, wanted.Message);
                Assert.Multiple(() =>
                {
                    Assert.That(errors.Select(static error => error.Message).Distinct(StringComparer.Ordinal), Is.SubsetOf(new[] { wanted.Message }));
                    Assert.That(errors, Has.Count.InRange(WantedErrors(wanted), WantedErrors(wanted) + SecondLosses(wanted)), wanted.Message);
                    Assert.That(refusedLogins > 0, Is.EqualTo(wanted is { Function: "C_Login", IsRefusedLogin: true, Code.Code: not Pkcs11.CKR_USER_ALREADY_LOGGED_IN }), wanted.Message);
                    Assert.That(FaultPlan.ThreadsHit, IsRepair(function) ? Is.GreaterThan(0) : Is.EqualTo(ThreadsAtOnce.Count), wanted.Message);
                    Assert.That(FaultPlan.FinalizationsDuringCalls, Is.Zero, wanted.Message);
                });
                if (refusedLogins > 0)
                {
                    // Barred for good, as it should be.
                    Assert.That(FaultPlan.CallsOf("C_Login"), Is.EqualTo(1), wanted.Message);
                    world.Dispose();
                    _made = SoftHsm.Shared.CreateToken("inject");
                    world = new RecoveryWorld(_made);
                }

                FaultPlan.Reset();
                world.Clock.Advance(CircuitBreaker.LongestPause);
                world.Sign();
            }
        }
        finally
        {
            world.Dispose();
        }
    }

    /// <summary>What the table makes of it: one error for each thread that was hit, or none.</summary>
    private static int WantedErrors(CryptokiException injected) => injected switch
    {
        _ when s_ignored.Contains(injected.Function, StringComparer.Ordinal) => 0,

        // Said in the refusal of a token that is away.
        { Function: "C_Initialize" or "C_Finalize" } => 0,

        // A login of our own that outlived its session, it may be; a token that lies is asked again.
        { Function: "C_Login", Code.Code: Pkcs11.CKR_USER_ALREADY_LOGGED_IN } => 0,

        // Whoever is hit first bars it for the others.
        { Function: "C_Login", IsRefusedLogin: true } => 1,
        { Function: "C_Login", Code.Recovery: Recovery.Probe } => FaultPlan.ThreadsHit,

        // A token that does not say what it is, is not there.
        { Function: "C_GetTokenInfo", Code.Code: Pkcs11.CKR_TOKEN_NOT_RECOGNIZED } => 0,
        { Code.Recovery: Recovery.Fatal or Recovery.NeverAgain } => FaultPlan.ThreadsHit,
        _ => 0,
    };

    /// <summary>The operation that found the module lost may be the one whose new session says so once more: a row is tried once, so that is its error.</summary>
    private static int SecondLosses(CryptokiException injected) => injected is { Function: "C_OpenSession", Code.Recovery: Recovery.Reinitialize } ? 1 : 0;

    private static ConcurrentQueue<CryptokiException> Inject(RecoveryWorld world, CryptokiException wanted, out int refusedLogins, out IReadOnlyCollection<Exception> unexpected)
    {
        ConcurrentQueue<CryptokiException> errors = [];
        int refused = 0;
        FaultPlan.Reset();

        // Its template is empty, so that no run leaves keys behind; the module would refuse it.
        FaultPlan.Pretend("C_GenerateKeyPair");
        FaultPlan.AnswerEachThreadOnce(wanted.Function, wanted.Code.Code);
        if (IsRepair(wanted.Function))
        {
            FaultPlan.AnswerNext("C_SignInit", DeviceRemoved);
        }

        unexpected = ThreadsAtOnce.Run(() =>
        {
            foreach (Action operation in Operations(world))
            {
                if (!Patiently(world, operation, errors))
                {
                    Interlocked.Increment(ref refused);
                }
            }
        });
        refusedLogins = refused;
        return errors;
    }

    private static bool IsRepair(string function) => s_repairs.Contains(function, StringComparer.Ordinal);

    private static Action[] Operations(RecoveryWorld world) =>
    [
        world.Sign,
        () => world.Token.FindKey(RecoveryWorld.KeyLabel),
        () => world.Token.FillRandom(new byte[16]),
        () => world.Token.Use(static session =>
        {
            session.GenerateKeyPair(Pkcs11.CKM_EC_KEY_PAIR_GEN, new AttributeTemplate(0), new AttributeTemplate(0));
            return true;
        }),
    ];

    /// <summary>As a caller does who comes again when the token says so. False when it never may again.</summary>
    private static bool Patiently(RecoveryWorld world, Action operation, ConcurrentQueue<CryptokiException> errors)
    {
        Exception? last = null;
        for (int attempt = 0; attempt < 20; attempt++)
        {
            try
            {
                operation();
                return true;
            }
            catch (CryptokiRefusalException e) when (e.RetryAfter is { } pause)
            {
                world.Clock.Advance(pause);
                last = e;
            }
            catch (CryptokiRefusalException e) when (e.Reason == CryptokiRefusal.CredentialFailedBefore)
            {
                return false;
            }
            catch (CryptokiException e)
            {
                errors.Enqueue(e);
                last = e;
            }
        }

        throw new TimeoutException("the token did not come back", last);
    }
}
