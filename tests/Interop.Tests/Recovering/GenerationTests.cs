using Fota.Interop.Cryptoki;
using Fota.Interop.Tests.Faults;

namespace Fota.Interop.Tests.Recovering;

[TestFixture]
public sealed class GenerationTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Test]
    public void Session_of_before_the_module_was_initialised_anew_never_reaches_it()
    {
        using var world = new RecoveryWorld("earlier");
        using (SessionHandle earlier = world.OpenSession())
        {
            world.Library.Module.Reinitialize(world.Module.Initialization);
            Assert.That(
                () => earlier.FillRandom(new byte[8]),
                Throws.TypeOf<CryptokiException>().With.Message.EqualTo("C_GenerateRandom: CKR_SESSION_HANDLE_INVALID (the module has been initialised anew)"));
        }

        Assert.That((FaultPlan.CallsOf("C_GenerateRandom"), FaultPlan.CallsOf("C_CloseSession")), Is.EqualTo((0, 0)));
    }

    [Test]
    public void Slot_of_before_the_module_was_initialised_anew_is_not_opened()
    {
        using var world = new RecoveryWorld("slot");
        var earlier = new TokenGeneration(world.Module.Initialization, world.Library.FindToken(world.Made.Label).SlotId);
        world.Library.Module.Reinitialize(world.Module.Initialization);
        Assert.That(() => SessionHandle.Open(world.Library.Module, earlier), Throws.TypeOf<CryptokiException>());
        Assert.That(FaultPlan.CallsOf("C_OpenSession"), Is.Zero);
    }

    [Test]
    public void Key_is_found_anew_after_the_module_was_initialised_anew()
    {
        using var world = new RecoveryWorld("found anew");
        world.Library.Module.Reinitialize(world.Module.Initialization);
        world.Sign();
        world.Sign();
        Assert.That((FaultPlan.CallsOf("C_FindObjectsInit"), FaultPlan.CallsOf("C_Login"), FaultPlan.CallsOf("C_Sign")), Is.EqualTo((1, 1, 2)));
    }

    [Test]
    public void Module_is_not_finalised_while_a_call_is_inside_it()
    {
        using var world = new RecoveryWorld("inside");
        using var isInside = new ManualResetEventSlim();
        using var mayLeave = new ManualResetEventSlim();
        FaultPlan.OnceInside("C_Sign", () =>
        {
            isInside.Set();
            mayLeave.Wait(s_patience);
        });
        var signing = new Thread(world.Sign);
        signing.Start();
        Assert.That(isInside.Wait(s_patience), Is.True);
        var anew = new Thread(() => world.Library.Module.Reinitialize(world.Module.Initialization));
        anew.Start();
        Assert.That(SpinWait.SpinUntil(() => world.Module.IsAwaited, s_patience), Is.True);
        Assert.That(FaultPlan.CallsOf("C_Finalize"), Is.Zero, "while C_Sign runs");
        mayLeave.Set();
        Assert.That(signing.Join(s_patience) && anew.Join(s_patience), Is.True);
        Assert.That((FaultPlan.CallsOf("C_Finalize"), FaultPlan.FinalizationsDuringCalls), Is.EqualTo((1, 0)));
    }

    [Test]
    public void Two_threads_that_found_the_module_useless_initialise_it_once()
    {
        using var world = new RecoveryWorld("once");
        long useless = world.Module.Initialization;
        world.Library.Module.Reinitialize(useless);
        world.Library.Module.Reinitialize(useless);
        Assert.That(FaultPlan.CallsOf("C_Initialize"), Is.EqualTo(1));
    }
}
