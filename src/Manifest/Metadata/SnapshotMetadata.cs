using System.Text.Json;

namespace Fota.Manifest.Metadata;

/// <summary>Which versions of the targets metadata belong together (TUF 1.0.34 section 4.4).</summary>
public sealed class SnapshotMetadata : MetadataContent
{
    private const string Extension = ".json";

    /// <summary>Makes the content of a snapshot.</summary>
    /// <exception cref="RejectedException">Without "targets.json", or with a name that no role has.</exception>
    public SnapshotMetadata(long version, DateTimeOffset expires, IReadOnlyDictionary<string, MetaFile> meta)
        : base(version, expires)
    {
        ArgumentNullException.ThrowIfNull(meta);
        foreach (string name in meta.Keys)
        {
            string role = name.EndsWith(Extension, StringComparison.Ordinal) ? name[..^Extension.Length] : "";
            if (role is not "targets" && !ProductName.TryParse(role, out _))
            {
                throw new RejectedException(RejectionReason.UnsafePath, "\"meta\": wanted targets.json and names of product roles, got another name");
            }
        }

        if (!meta.ContainsKey(MetadataFileName.InMeta("targets")))
        {
            throw new RejectedException(RejectionReason.MissingField, "\"meta\": wanted targets.json, got none");
        }

        Meta = new Dictionary<string, MetaFile>(meta, StringComparer.Ordinal).AsReadOnly();
    }

    /// <summary>By file name without a version, for example "targets.json".</summary>
    public IReadOnlyDictionary<string, MetaFile> Meta { get; }

    private protected override string TypeName => "snapshot";

    internal static SnapshotMetadata Read(JsonElement signed)
    {
        (long version, DateTimeOffset expires) = ReadHeader(signed);
        return new(version, expires, signed.Object("meta").EnumerateObject().ToDictionary(static member => member.Name, static member => MetaFile.Read(member.Value), StringComparer.Ordinal));
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
