using System.Buffers;
using System.Text.Json;

namespace Fota.Manifest.Metadata;

/// <summary>What all four types of metadata have in common.</summary>
public abstract class MetadataContent
{
    private const string SpecVersion = "1.0.34";

    /// <exception cref="RejectedException">The version is below one.</exception>
    private protected MetadataContent(long version, DateTimeOffset expires)
    {
        Version = version >= 1
            ? version
            : throw new RejectedException(RejectionReason.ValueOutOfRange, $"a metadata version: wanted at least 1, got {version}");
        Expires = new DateTimeOffset(expires.UtcTicks - (expires.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
    }

    /// <summary>At least 1; rises with every publication.</summary>
    public long Version { get; }

    /// <summary>From this moment on it is not trusted; whole seconds, UTC.</summary>
    public DateTimeOffset Expires { get; }

    /// <summary>The bytes to sign: canonical JSON, to be given to <see cref="SignedMetadata.Assemble"/>.</summary>
    public byte[] ToSignedBytes()
    {
        ArrayBufferWriter<byte> output = new();
        using (Utf8JsonWriter writer = new(output))
        {
            writer.WriteStartObject();
            writer.WriteString("_type", TypeName);
            writer.WriteString("spec_version", SpecVersion);
            writer.WriteNumber("version", Version);
            writer.WriteString("expires", JsonMembers.ToText(Expires));
            Write(writer);
            writer.WriteEndObject();
        }

        using JsonDocument document = JsonDocument.Parse(output.WrittenMemory);
        return CanonicalJson.ToSignedForm(CanonicalJson.Encode(document.RootElement));
    }

    private protected abstract string TypeName { get; }

    private protected abstract void Write(Utf8JsonWriter writer);

    private protected static (long Version, DateTimeOffset Expires) ReadHeader(JsonElement signed, MetadataProfile profile)
    {
        profile.DemandSpecVersion(signed.Text("spec_version"));
        return (signed.Integer("version", 1), signed.Time("expires"));
    }
}
