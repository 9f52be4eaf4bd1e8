using Fota.Interop.Cryptoki;
using Fota.TestKit;

namespace Fota.Interop.Tests.Faults;

/// <summary>A library whose every call to SoftHSM goes by <see cref="FaultPlan"/>, with a clock that does not wait.</summary>
internal sealed class FaultyLibrary : IDisposable
{
    public FaultyLibrary()
    {
        _ = SoftHsm.Shared.Library;
        FaultPlan.Reset();
        Library = CryptokiLibrary.Load(SoftHsm.ModulePath, Clock);
        unsafe
        {
            FaultyFunctions.Install(Library.Module.Functions);
        }
    }

    public JumpingClock Clock { get; } = new();

    public CryptokiLibrary Library { get; }

    public void Dispose() => Library.Dispose();
}
