using System.Text.Json;

namespace Fota.Manifest.Metadata;

/// <summary>
/// What snapshot and timestamp say of a metadata file (TUF 1.0.34 section 4.4). TUF makes length and digest optional, our profile demands them: so
/// every download has a signed bound (A06), and a version alone never has to identify a file (A05, A17). Whether they are stated cannot be
/// asked, only whether bytes are as stated: so nobody takes "not stated" for a length or a digest.
/// </summary>
public sealed record MetaFile
{
    private readonly long? _length;
    private readonly FileDigests? _digests;

    /// <summary>Describes a file as our profile does.</summary>
    /// <param name="version">The version that stands in the file, at least 1.</param>
    /// <param name="length">In bytes, at least 1.</param>
    /// <param name="sha256">The digest of the whole file.</param>
    public MetaFile(long version, long length, Sha256Digest sha256)
        : this(version, length, new FileDigests(sha256, null)) => ArgumentNullException.ThrowIfNull(sha256);

    internal MetaFile(long version, long? length, FileDigests? digests)
    {
        Version = version;
        _length = length;
        _digests = digests;
    }

    /// <summary>The version that stands in the file.</summary>
    public long Version { get; init; }

    /// <summary>How many bytes to fetch at most: the stated length, or <paramref name="limit"/> where none is stated.</summary>
    /// <exception cref="RejectedException">The stated length is above <paramref name="limit"/>: a signed length can be absurd (A06).</exception>
    public long Bound(string role, int limit) => _length is null || _length <= limit
        ? _length ?? limit
        : throw new RejectedException(RejectionReason.LimitExceeded, $"{role}: wanted at most {limit} bytes, got a length of {_length}");

    /// <summary>Reads an entry in which nothing is optional.</summary>
    internal static MetaFile ReadWhole(JsonElement entry) => new(entry.Integer("version", 1), entry.Integer("length", 1), TargetFile.ReadSha256(entry));

    /// <summary>Reads an entry as TUF has it.</summary>
    internal static MetaFile ReadAny(JsonElement entry) => new(
        entry.Integer("version", 1),
        entry.TryGetProperty("length", out _) ? entry.Integer("length", 1) : null,
        entry.TryGetProperty("hashes", out _) ? FileDigests.Read(entry.Object("hashes")) : null);

    /// <exception cref="RejectedException">The bytes are not as stated.</exception>
    internal void Demand(string role, byte[] bytes)
    {
        if (_length is not null && bytes.Length != _length)
        {
            throw new RejectedException(RejectionReason.LengthMismatch, $"{role}: wanted {_length} bytes, got {bytes.Length}");
        }

        _digests?.Demand(role, bytes);
    }

    internal void Write(Utf8JsonWriter writer, string name)
    {
        writer.WriteStartObject(name);
        writer.WriteNumber("version", Version);
        if (_length is not null)
        {
            writer.WriteNumber("length", _length.Value);
        }

        _digests?.Write(writer);
        writer.WriteEndObject();
    }
}

/// <summary>What targets metadata says of a target file (TUF 1.0.34 section 4.5): length and digests are never optional.</summary>
public sealed record TargetFile
{
    /// <summary>Describes a file as our profile does.</summary>
    /// <param name="length">In bytes.</param>
    /// <param name="sha256">The digest of the whole file.</param>
    public TargetFile(long length, Sha256Digest sha256)
        : this(length, new FileDigests(sha256, null)) => ArgumentNullException.ThrowIfNull(sha256);

    internal TargetFile(long length, FileDigests digests)
    {
        Length = length;
        Digests = digests;
    }

    /// <summary>In bytes.</summary>
    public long Length { get; }

    /// <summary>The digest of the whole file, which our profile always has.</summary>
    /// <exception cref="InvalidOperationException">Metadata of another writer, which states another digest.</exception>
    public Sha256Digest Sha256 => Digests.Sha256 ?? throw new InvalidOperationException("This target is described by another digest than SHA-256.");

    internal FileDigests Digests { get; }

    internal static TargetFile ReadWhole(JsonElement entry) => new(entry.Integer("length", 0), ReadSha256(entry));

    internal static TargetFile ReadAny(JsonElement entry) => new(entry.Integer("length", 0), FileDigests.Read(entry.Object("hashes")));

    internal static Sha256Digest ReadSha256(JsonElement entry)
    {
        JsonElement hashes = entry.Object("hashes");
        return hashes.TryGetProperty("sha256", out _)
            ? Sha256Digest.Parse(hashes.Text("sha256"))
            : throw new RejectedException(RejectionReason.UnsupportedDigest, "\"hashes\": wanted sha256, got none");
    }

    internal void Write(Utf8JsonWriter writer, string path)
    {
        writer.WriteStartObject(path);
        writer.WriteNumber("length", Length);
        Digests.Write(writer);
        writer.WriteEndObject();
    }
}
