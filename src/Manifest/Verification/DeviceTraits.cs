namespace Fota.Manifest.Verification;

/// <summary>What a device is, as far as a manifest's conditions ask.</summary>
/// <param name="VendorId">Its vendor.</param>
/// <param name="ClassId">Its class.</param>
/// <param name="DeviceId">Itself.</param>
/// <param name="SlotCapacity">Bytes that the smaller of its slots holds.</param>
public sealed record DeviceTraits(Guid VendorId, Guid ClassId, Guid DeviceId, long SlotCapacity)
{
    /// <summary>The components it has; a release may be for some of them.</summary>
    public ValueList<ComponentId> Components { get; init; } = [ComponentId.Main];
}

/// <summary>What a device remembers against rollback. It changes only when a boot is confirmed.</summary>
/// <param name="Floor">Security versions below are never installed or booted.</param>
/// <param name="Sequence">Sequence number of the confirmed release; 0 before the first.</param>
/// <param name="ManifestDigest">Digest of the confirmed release's manifest; null before the first.</param>
public sealed record RollbackState(SecurityVersion Floor, SequenceNumber Sequence, Sha256Digest? ManifestDigest)
{
    /// <summary>The state of a device on which nothing was ever confirmed.</summary>
    public static RollbackState Initial { get; } = new(default, default, null);
}
