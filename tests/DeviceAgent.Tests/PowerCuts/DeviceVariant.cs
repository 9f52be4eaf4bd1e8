using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Storage;
using Fota.Interop.Posix;

namespace Fota.DeviceAgent.Tests.PowerCuts;

/// <summary>
/// How a device is put together. The default is the product's way; a mutant takes one safeguard away, to prove that the harness would see it missing.
/// </summary>
internal sealed record DeviceVariant
{
    public static DeviceVariant Product { get; } = new();

    /// <summary>The files as the agent and the bootloader have them.</summary>
    public Func<IFileSystem, IFileSystem> Files { get; init; } = static files => files;

    public Func<ISlotStorage, ISlotStorage> Slots { get; init; } = static slots => slots;

    public Func<IBootControl, IRollbackCounter, IBootControl> Boot { get; init; } = static (boot, _) => boot;

    /// <summary>The store as the bootloader has it, and what happens once the image has taken over.</summary>
    public Func<IDurableStore, (IDurableStore Store, Action Jumped)> Bootloader { get; init; } = static store => (store, static () => { });
}
