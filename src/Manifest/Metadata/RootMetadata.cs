using System.Text.Json;
using Fota.Manifest.Keys;

namespace Fota.Manifest.Metadata;

/// <summary>Which keys speak for which top-level role (TUF 1.0.34 section 4.3).</summary>
public sealed class RootMetadata : MetadataContent
{
    /// <summary>Makes the content of a root.</summary>
    /// <exception cref="RejectedException">Without consistent snapshots, which our profile demands.</exception>
    public RootMetadata(long version, DateTimeOffset expires, bool consistentSnapshot, RoleKeys root, RoleKeys timestamp, RoleKeys snapshot, RoleKeys targets)
        : this(version, expires, consistentSnapshot, root, timestamp, snapshot, targets, MetadataProfile.Fota)
    {
    }

    private RootMetadata(long version, DateTimeOffset expires, bool consistentSnapshot, RoleKeys root, RoleKeys timestamp, RoleKeys snapshot, RoleKeys targets, MetadataProfile profile)
        : base(version, expires)
    {
        ArgumentNullException.ThrowIfNull(root);
        ArgumentNullException.ThrowIfNull(timestamp);
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(targets);
        profile.DemandConsistentSnapshot(consistentSnapshot);
        ConsistentSnapshot = consistentSnapshot;
        Root = root;
        Timestamp = timestamp;
        Snapshot = snapshot;
        Targets = targets;
    }

    /// <summary>Always true in our profile: file names carry versions and digests, so that a publication never changes a file.</summary>
    public bool ConsistentSnapshot { get; }

    /// <summary>Who signs the next root.</summary>
    public RoleKeys Root { get; }

    /// <summary>Who signs the timestamp.</summary>
    public RoleKeys Timestamp { get; }

    /// <summary>Who signs the snapshot.</summary>
    public RoleKeys Snapshot { get; }

    /// <summary>Who signs the top-level targets.</summary>
    public RoleKeys Targets { get; }

    private protected override string TypeName => "root";

    private (string Name, RoleKeys Keys)[] Roles => [("root", Root), ("snapshot", Snapshot), ("targets", Targets), ("timestamp", Timestamp)];

    internal static RootMetadata Read(JsonElement signed, MetadataProfile profile)
    {
        (long version, DateTimeOffset expires) = ReadHeader(signed, profile);
        IReadOnlyDictionary<MetadataKeyId, VerificationKey?> keys = KeyJson.ReadKeys(signed, profile);
        JsonElement roles = signed.Object("roles");
        RoleKeys Role(string name) => KeyJson.ReadRole(roles.Object(name), keys, profile);
        return new(version, expires, profile.ReadConsistentSnapshot(signed), Role("root"), Role("timestamp"), Role("snapshot"), Role("targets"), profile);
    }

    private protected override void Write(Utf8JsonWriter writer)
    {
        writer.WriteBoolean("consistent_snapshot", ConsistentSnapshot);
        KeyJson.WriteKeys(writer, Roles.Select(static role => role.Keys));
        writer.WriteStartObject("roles");
        foreach ((string name, RoleKeys keys) in Roles)
        {
            writer.WriteStartObject(name);
            KeyJson.WriteRole(writer, keys);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }
}
