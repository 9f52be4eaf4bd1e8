using Fota.UpdateServer.Devices;
using Fota.UpdateServer.People;

namespace Fota.UpdateServer.Storage;

/// <summary>Keeps which devices administrators shut out. Changes have numbers, and each is made by whoever knows all before it: several servers may share a store.</summary>
internal interface IRevocationStore
{
    /// <summary>Everything, as of one moment.</summary>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    RevocationNews Load();

    /// <summary>Stores one together with the decision, wholly or not at all.</summary>
    /// <param name="known">The number of the change up to which the decision rests on what is stored.</param>
    /// <param name="revocation">Who is shut out.</param>
    /// <param name="decision">Who decided it.</param>
    /// <returns>The number of the change; null, and nothing is stored, where another server made one meanwhile.</returns>
    long? Save(long known, DeviceRevocation revocation, AccessDecision decision);

    /// <summary>Forgets that a device was shut out by its name, together with the decision; what is said of its keys stays.</summary>
    /// <param name="known">The number of the change up to which the decision rests on what is stored.</param>
    /// <param name="device">Who is let in again.</param>
    /// <param name="decision">Who decided it.</param>
    /// <returns>The number of the change; null, and nothing is stored, where another server made one meanwhile.</returns>
    long? Lift(long known, DeviceId device, AccessDecision decision);
}

/// <summary>The devices that are shut out, as of one moment.</summary>
/// <param name="Number">The number of the newest change.</param>
/// <param name="Revocations">The oldest first.</param>
internal sealed record RevocationNews(long Number, IReadOnlyList<DeviceRevocation> Revocations);
