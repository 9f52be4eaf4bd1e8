using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Boot;

/// <summary>Boot control by a boot record in files, for a bootloader that leaves <see cref="BootFacts"/> beside it.</summary>
internal sealed class FileBootControl : BootControl
{
    /// <summary>Reads what the bootloader said of this boot.</summary>
    /// <exception cref="DeviceStateException">It said nothing readable.</exception>
    public FileBootControl(IDurableStore store)
        : base(new BootRecordStore(store), BootFacts.Read(store))
    {
    }
}
