using Fota.Interop.Cryptoki;
using Fota.Interop.Tests.Faults;
using Fota.TestKit;

namespace Fota.Interop.Tests.Recovering;

/// <summary>A token of SoftHSM, opened through functions that a test makes fail, with one P-256 key.</summary>
internal sealed class RecoveryWorld : IDisposable
{
    public const string KeyLabel = "key";

    private readonly FaultyLibrary _faulty;

    /// <summary>A token of its own.</summary>
    public RecoveryWorld(string prefix)
        : this(SoftHsm.Shared.CreateToken(prefix))
    {
    }

    /// <summary>A token that other worlds have had before.</summary>
    public RecoveryWorld(TestToken made)
    {
        Made = made;
        _faulty = new FaultyLibrary();
        Token = Token.Open(Library, Made.Label, Made.Pin);
        Key = Token.CountPrivateKeys() == 0 ? Token.GenerateKey(KeyAlgorithm.EcdsaP256, KeyLabel) : Token.FindKey(KeyLabel);
        _ = Key.Sign("warm"u8);
        FaultPlan.Reset();
    }

    public TestToken Made { get; }

    public CryptokiLibrary Library => _faulty.Library;

    public JumpingClock Clock => _faulty.Clock;

    public Token Token { get; }

    public TokenKey Key { get; }

    public LoadedModule Module => Library.Module.Module;

    /// <summary>A session that belongs to no pool.</summary>
    public SessionHandle OpenSession() => SessionHandle.Open(
        Library.Module, new TokenGeneration(Module.Initialization, Library.FindToken(Made.Label).SlotId));

    public void Sign() => _ = Key.Sign("message"u8);

    public void Dispose()
    {
        FaultPlan.Reset();
        Token.Dispose();
        _faulty.Dispose();
    }
}
