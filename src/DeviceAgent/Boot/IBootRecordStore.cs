using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Boot;

/// <summary>Where the boot record is kept: in a file of our own, in U-Boot's environment, in GRUB's environment block.</summary>
internal interface IBootRecordStore
{
    /// <summary>The record that the bootloader goes by, or null when there is none that is whole.</summary>
    /// <exception cref="DeviceStateException">There is one, and it does not say what a boot record says.</exception>
    BootRecord? Read();

    /// <summary>Replaces the record in one atomic, durable write: a power cut leaves the old one or the new one.</summary>
    /// <exception cref="IOException">The store cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The store may not be written.</exception>
    void Write(BootRecord record);
}
