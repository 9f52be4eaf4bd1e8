using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Storage;

/// <summary>Keeps what operators say of devices.</summary>
internal interface ITraitStore
{
    /// <summary>Everything.</summary>
    IReadOnlyList<DeviceTraits> Load();

    /// <summary>Stores what is said of one, in place of what was said before.</summary>
    void Save(DeviceTraits traits);
}
