using Fota.Interop.Cryptoki;
using Fota.Interop.Tests.Faults;

namespace Fota.Interop.Tests.Recovering;

/// <summary>A token logs out with its last session, so none may be left in a pool that nobody looks into any more.</summary>
[TestFixture]
public sealed class SessionPoolTests
{
    private RecoveryWorld _world = null!;

    [OneTimeSetUp]
    public void OpenToken() => _world = new RecoveryWorld("pool");

    [OneTimeTearDown]
    public void CloseToken() => _world.Dispose();

    [Test]
    public void A50_Session_whose_call_ends_after_the_pool_was_drained_is_closed()
    {
        using SessionHandle session = _world.OpenSession();
        SessionPool pool = new(_world.Library.Module, limit: 2);
        FaultPlan.Reset();
        _ = pool.Use(session.Generation, static _ => true);
        Assert.That(FaultPlan.CallsOf("C_CloseSession"), Is.Zero, "kept for the next call");
        _ = pool.Use(session.Generation, _ =>
        {
            pool.Dispose();
            return true;
        });
        Assert.That(FaultPlan.CallsOf("C_CloseSession"), Is.EqualTo(FaultPlan.CallsOf("C_OpenSession")));

        // Between the end of its call and its way back, too: the pool says so, and who holds it closes it.
        Assert.That(pool.TryKeep(session), Is.False);
    }
}
