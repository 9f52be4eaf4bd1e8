using System.Text.Json;

namespace Fota.Manifest.Metadata;

/// <summary>Which versions of the targets metadata belong together (TUF 1.0.34 section 4.4).</summary>
public sealed class SnapshotMetadata : MetadataContent
{
    /// <summary>Makes the content of a snapshot.</summary>
    /// <exception cref="RejectedException">Without "targets.json", or with a name that no role has.</exception>
    public SnapshotMetadata(long version, DateTimeOffset expires, IReadOnlyDictionary<string, MetaFile> meta)
        : this(version, expires, meta, MetadataProfile.Fota)
    {
    }

    private SnapshotMetadata(long version, DateTimeOffset expires, IReadOnlyDictionary<string, MetaFile> meta, MetadataProfile profile)
        : base(version, expires)
    {
        ArgumentNullException.ThrowIfNull(meta);
        profile.DemandMetaOfSnapshot([.. meta.Keys]);
        Meta = new Dictionary<string, MetaFile>(meta, StringComparer.Ordinal).AsReadOnly();
    }

    /// <summary>By file name without a version, for example "targets.json".</summary>
    public IReadOnlyDictionary<string, MetaFile> Meta { get; }

    /// <summary>What the snapshot says of a role.</summary>
    /// <exception cref="RejectedException">Nothing.</exception>
    public MetaFile Of(string role) => Meta.GetValueOrDefault(MetadataFileName.InMeta(role))
        ?? throw new RejectedException(RejectionReason.UnknownRole, $"snapshot: wanted {MetadataFileName.InMeta(role)}, got none");

    private protected override string TypeName => "snapshot";

    internal static SnapshotMetadata Read(JsonElement signed, MetadataProfile profile)
    {
        (long version, DateTimeOffset expires) = ReadHeader(signed, profile);
        Dictionary<string, MetaFile> meta = signed.Object("meta").EnumerateObject().ToDictionary(static member => member.Name, member => profile.ReadMetaFile(member.Value), StringComparer.Ordinal);
        return new(version, expires, meta, profile);
    }

    private protected override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("meta");
        foreach ((string name, MetaFile file) in Meta)
        {
            file.Write(writer, name);
        }

        writer.WriteEndObject();
    }
}
