using System.Text.Json;
using Fota.Manifest.Keys;
using Fota.Manifest.Log;

namespace Fota.Manifest.Metadata;

/// <summary>
/// Which of the metadata that TUF 1.0.34 allows is read. Named by whoever reads, each time: there is no default. The workflow, its order and its
/// checks are the same in both; a profile says only how files may be written.
/// </summary>
public abstract class MetadataProfile
{
    private protected MetadataProfile()
    {
    }

    /// <summary>
    /// What our signer writes and our devices take: canonical JSON to the byte, nothing optional, key ids that are the keys' digests, consistent
    /// snapshots, delegations to products and from a product to its hash bins.
    /// </summary>
    public static MetadataProfile Fota { get; } = new FotaProfile();

    /// <summary>What TUF 1.0.34 lets any writer write.</summary>
    public static MetadataProfile Tuf { get; } = new TufProfile();

    /// <summary>Most signatures of a file.</summary>
    internal abstract int MaxSignatures { get; }

    /// <summary>Reads hostile bytes as one JSON value without repeated members.</summary>
    internal abstract JsonDocument Parse(ReadOnlyMemory<byte> file);

    /// <summary>The bytes over which signatures are checked, and the content that those very bytes hold.</summary>
    internal abstract (byte[] SignedBytes, JsonElement Content) ReadSigned(JsonElement signed);

    /// <summary>Refuses members that nobody signed, where the profile does.</summary>
    internal abstract void DemandOnly(JsonElement parent, params ReadOnlySpan<string> names);

    internal abstract MetadataKeyId ReadKeyId(string text);

    /// <summary>The bytes of a signature; null where the text is none by anybody.</summary>
    internal abstract byte[]? ReadSignature(string text);

    /// <summary>A key; null where it is of no use: of a type or scheme that is not known. It then counts for nothing.</summary>
    internal abstract VerificationKey? ReadKey(MetadataKeyId id, JsonElement key);

    internal abstract RoleKeys ReadRoleKeys(IReadOnlyList<MetadataKeyId> ids, IReadOnlyDictionary<MetadataKeyId, VerificationKey?> keys, int threshold);

    internal abstract void DemandSpecVersion(string version);

    internal abstract bool ReadConsistentSnapshot(JsonElement root);

    internal abstract void DemandConsistentSnapshot(bool consistentSnapshot);

    internal abstract void DemandMetaOfTimestamp(JsonElement meta);

    /// <summary>The checkpoints that a timestamp carries, verified; none in a profile that knows no logs.</summary>
    internal abstract IReadOnlyList<VerifiedCheckpoint> ReadLogs(JsonElement timestamp, string member);

    internal abstract void DemandMetaOfSnapshot(IReadOnlyCollection<string> names);

    internal abstract MetaFile ReadMetaFile(JsonElement entry);

    internal abstract TargetFile ReadTargetFile(JsonElement entry);

    internal abstract void DemandTargetPath(string path);

    /// <summary>Checks a delegated role by itself: its name and what it may list.</summary>
    internal abstract void DemandRole(DelegatedRole role);

    /// <summary>Checks whom metadata delegates to.</summary>
    /// <param name="targets">The metadata.</param>
    /// <param name="via">The delegation that led to it; null for the top-level targets.</param>
    internal abstract void DemandDelegations(TargetsMetadata targets, DelegatedRole? via);
}
