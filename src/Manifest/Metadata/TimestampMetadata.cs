using System.Text.Json;

namespace Fota.Manifest.Metadata;

/// <summary>Which snapshot is the newest (TUF 1.0.34 section 4.6).</summary>
public sealed class TimestampMetadata : MetadataContent
{
    private static readonly string s_snapshot = MetadataFileName.InMeta("snapshot");

    /// <summary>Makes the content of a timestamp.</summary>
    public TimestampMetadata(long version, DateTimeOffset expires, MetaFile snapshot)
        : base(version, expires)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        Snapshot = snapshot;
    }

    /// <summary>The newest snapshot.</summary>
    public MetaFile Snapshot { get; }

    private protected override string TypeName => "timestamp";

    internal static TimestampMetadata Read(JsonElement signed, MetadataProfile profile)
    {
        (long version, DateTimeOffset expires) = ReadHeader(signed, profile);
        JsonElement meta = signed.Object("meta");
        MetaFile snapshot = profile.ReadMetaFile(meta.Object(s_snapshot));
        profile.DemandMetaOfTimestamp(meta);
        return new(version, expires, snapshot);
    }

    private protected override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("meta");
        Snapshot.Write(writer, s_snapshot);
        writer.WriteEndObject();
    }
}
