using System.Text.Json;

namespace Fota.Manifest.Metadata;

/// <summary>
/// What snapshot and timestamp say of a metadata file (TUF 1.0.34 section 4.4). Length and digest are optional there and demanded in our
/// profile: so every download has a signed bound (A06), and a version alone never has to identify a file (A05, A17).
/// </summary>
/// <param name="Version">The version that stands in the file, at least 1.</param>
/// <param name="Length">In bytes, at least 1.</param>
/// <param name="Sha256">The digest of the whole file.</param>
public sealed record MetaFile(long Version, long Length, Sha256Digest Sha256)
{
    internal static MetaFile Read(JsonElement entry) => new(entry.Integer("version", 1), entry.Integer("length", 1), DigestJson.Read(entry));

    internal void Write(Utf8JsonWriter writer, string name)
    {
        writer.WriteStartObject(name);
        writer.WriteNumber("version", Version);
        writer.WriteNumber("length", Length);
        DigestJson.Write(writer, Sha256);
        writer.WriteEndObject();
    }
}

/// <summary>What targets metadata says of a target file (TUF 1.0.34 section 4.5).</summary>
/// <param name="Length">In bytes.</param>
/// <param name="Sha256">The digest of the whole file.</param>
public sealed record TargetFile(long Length, Sha256Digest Sha256)
{
    internal static TargetFile Read(JsonElement entry) => new(entry.Integer("length", 0), DigestJson.Read(entry));

    internal void Write(Utf8JsonWriter writer, string path)
    {
        writer.WriteStartObject(path);
        writer.WriteNumber("length", Length);
        DigestJson.Write(writer, Sha256);
        writer.WriteEndObject();
    }
}

/// <summary>The member "hashes", of which SHA-256 is the one that counts (A25).</summary>
internal static class DigestJson
{
    public static Sha256Digest Read(JsonElement entry)
    {
        JsonElement hashes = entry.Object("hashes");
        return hashes.TryGetProperty("sha256", out _)
            ? Sha256Digest.Parse(hashes.Text("sha256"))
            : throw new RejectedException(RejectionReason.UnsupportedDigest, "\"hashes\": wanted sha256, got none");
    }

    public static void Write(Utf8JsonWriter writer, Sha256Digest digest)
    {
        writer.WriteStartObject("hashes");
        writer.WriteString("sha256", digest.ToString());
        writer.WriteEndObject();
    }
}
