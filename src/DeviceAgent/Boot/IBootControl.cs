using Fota.DeviceAgent.Slots;

namespace Fota.DeviceAgent.Boot;

/// <summary>What the agent may ask of and tell to the bootloader. Each change is one atomic, durable write.</summary>
public interface IBootControl
{
    /// <summary>What the bootloader said of this boot; it does not change while the system runs.</summary>
    BootFacts Facts { get; }

    /// <summary>What the boot record says now.</summary>
    BootRecord Record { get; }

    /// <summary>Asks of the boot record's store whether it can be written, by writing what is there.</summary>
    /// <exception cref="IOException">It cannot.</exception>
    void DemandWritable();

    /// <summary>Bars the slot from being started: before its first byte is written.</summary>
    void Disable(InactiveSlot slot);

    /// <summary>Makes the staged slot the one that is started next, on trial; the running one stays to go back to.</summary>
    void Activate(StagedUpdate update);

    /// <summary>
    /// Takes an activation back: the slot is not started until it is activated anew; its content and its envelope stay. For a staged update whose reboot is
    /// deferred, so that no power cut starts it. May be repeated.
    /// </summary>
    void Withdraw(InactiveSlot slot);

    /// <summary>Gives the running slot's trial all of its boots again, as this boot has shown not to be what fails. Nothing for a confirmed slot.</summary>
    void RenewTrial();

    /// <summary>
    /// Takes the boots of the running slot's trial away, so that the other slot is started next. It may be started again when there is nothing else (A38). Nothing
    /// for a confirmed slot. May be repeated.
    /// </summary>
    void EndTrial();

    /// <summary>
    /// Gives the other slot, which was confirmed once, a new trial, before the running one, which is confirmed and stays to come back to: whatever it was, what it finds on the
    /// device now may be none of its own.
    /// </summary>
    /// <exception cref="InvalidOperationException">One of the two is not confirmed.</exception>
    void TryAgain(InactiveSlot slot);

    /// <summary>Makes the running slot permanent, and bars the other one when <see cref="ConfirmedUpdate.BarsOtherSlot"/> says so. May be repeated.</summary>
    void Confirm(ConfirmedUpdate update);
}
