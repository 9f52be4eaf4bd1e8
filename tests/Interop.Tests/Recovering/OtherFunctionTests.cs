using Fota.Interop.Cryptoki;
using Fota.Interop.Tests.Faults;
using Fota.TestKit;

namespace Fota.Interop.Tests.Recovering;

/// <summary>The functions that an open token does not need: whatever they answer, to four threads at once, is an error that names function and code.</summary>
[TestFixture]
public sealed class OtherFunctionTests
{
    private static IEnumerable<ulong> Codes => ReturnValue.NamedCodes.Where(static code => code != 0).Append(0x7777UL).Append(0x80000005UL);

    [TestCase("C_GetInfo")]
    [TestCase("C_InitToken")]
    [TestCase("C_InitPIN")]
    [TestCase("C_Logout")]
    public void Any_code_is_an_error_that_names_function_and_code(string function)
    {
        using var world = new RecoveryWorld("other");
        using SessionHandle session = world.OpenSession();
        using Pin pin = SoftHsm.RandomPin();
        Action call = function switch
        {
            "C_GetInfo" => () => world.Library.Describe(),
            "C_InitToken" => () => world.Library.InitializeToken("never made", pin, pin),
            "C_InitPIN" => () => session.SetUserPin(pin),
            _ => session.LogOut,
        };
        foreach (ulong code in Codes)
        {
            var wanted = new CryptokiException(function, new ReturnValue(code));
            FaultPlan.AnswerEachThreadOnce(function, code);
            Assert.That(
                ThreadsAtOnce.Run(call),
                Has.Count.EqualTo(ThreadsAtOnce.Count).And.All.TypeOf<CryptokiException>().And.All.Message.EqualTo(wanted.Message));
        }
    }
}
