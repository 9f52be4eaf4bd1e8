using Fota.DeviceAgent.Slots;

namespace Fota.DeviceAgent.Boot;

/// <summary>What the agent may ask of and tell to the bootloader. Each change is one atomic, durable write.</summary>
public interface IBootControl
{
    /// <summary>What the bootloader said of this boot; it does not change while the system runs.</summary>
    BootFacts Facts { get; }

    /// <summary>What the boot record says now.</summary>
    BootRecord Record { get; }

    /// <summary>Bars the slot from being started: before its first byte is written.</summary>
    void Disable(InactiveSlot slot);

    /// <summary>Makes the staged slot the one that is started next, on trial; the running one stays to go back to.</summary>
    void Activate(StagedUpdate update);

    /// <summary>Makes the running slot permanent, and bars the other one when it lies below the floor that follows. May be repeated.</summary>
    void Confirm(ConfirmedUpdate update);
}
