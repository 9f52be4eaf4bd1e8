using Fota.DeviceAgent.Storage;
using Fota.Manifest;

namespace Fota.DeviceAgent.State;

/// <summary>The device's security floor (promise P4). It rises only by a confirmed update, and never falls.</summary>
public interface IRollbackCounter
{
    /// <summary>The floor.</summary>
    /// <exception cref="DeviceStateException">It cannot be read: nothing is installed or booted then (A37).</exception>
    SecurityVersion Read();

    /// <summary>Raises the floor to the security version of the confirmed release, if it lies below. May be repeated.</summary>
    void Raise(ConfirmedUpdate update);
}
