using Fota.UpdateServer.Devices;
using Fota.UpdateServer.People;

namespace Fota.UpdateServer.Storage;

/// <summary>Keeps which devices administrators shut out.</summary>
internal interface IRevocationStore
{
    /// <summary>Everything.</summary>
    IReadOnlyList<DeviceRevocation> Load();

    /// <summary>Stores one together with the decision, wholly or not at all.</summary>
    void Save(DeviceRevocation revocation, AccessDecision decision);

    /// <summary>Forgets that a device was shut out by its name, together with the decision; what is said of its keys stays.</summary>
    void Lift(DeviceId device, AccessDecision decision);
}
