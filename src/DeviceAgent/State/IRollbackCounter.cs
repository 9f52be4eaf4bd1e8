using Fota.DeviceAgent.Storage;
using Fota.Manifest;

namespace Fota.DeviceAgent.State;

/// <summary>The device's security floor (promise P4). It rises only by a confirmed update, and never falls.</summary>
public interface IRollbackCounter
{
    /// <summary>The floor.</summary>
    /// <exception cref="DeviceStateException">It cannot be read: nothing is installed or booted then (A37).</exception>
    SecurityVersion Read();

    /// <summary>
    /// The highest floor that the counter can still be raised to: fuses run out, and so do the increments of a TPM's counter. Asked before anything of a release is
    /// fetched (A37): a release beyond it could be confirmed and never protected against going back.
    /// </summary>
    /// <exception cref="DeviceStateException">It cannot be read.</exception>
    SecurityVersion ReadHighest();

    /// <summary>Raises the floor to that of the confirmed release, if it lies below. May be repeated.</summary>
    void Raise(ConfirmedUpdate update);
}
