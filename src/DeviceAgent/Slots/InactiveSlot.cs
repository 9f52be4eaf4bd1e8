using Fota.DeviceAgent.Boot;

namespace Fota.DeviceAgent.Slots;

/// <summary>The slot that does not run: the only one that can be opened for writing (promise P2). Made from what the bootloader said, and from nothing else.</summary>
public sealed class InactiveSlot
{
    private InactiveSlot(SlotName name) => Name = name;

    /// <summary>Its name.</summary>
    public SlotName Name { get; }

    /// <summary>The slot that does not run in this boot.</summary>
    public static InactiveSlot Of(IBootControl boot)
    {
        ArgumentNullException.ThrowIfNull(boot);
        return new InactiveSlot(boot.Facts.Running.Other());
    }
}
