using System.Diagnostics.CodeAnalysis;
using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Log;
using Fota.Manifest.Metadata;
using Fota.Manifest.Packs;
using Fota.Manifest.Sbom;

namespace Fota.UpdateServer.Releases;

/// <summary>What a file in the repository is.</summary>
internal enum RepositoryFile
{
    None = 0,
    Root,
    Timestamp,
    Snapshot,
    Targets,
    Manifest,
    Pack,
    ChunkTable,
    LogCheckpoint,
    LogTile,
    Sbom,
}

/// <summary>
/// The place of a file in the repository, in the one layout there is (docs/spec/device-api.md, "Repository"). Text becomes one only if it is exactly such a
/// place: there is nothing to normalise, so nothing can climb out or differ by normalisation (A15).
/// </summary>
internal sealed record RepositoryPath
{
    private const string ManifestSuffix = ".manifest.suit";
    private const string JsonSuffix = ".json";
    private const string LogPrefix = "log/";

    private RepositoryPath(string text, RepositoryFile kind, long maxLength, Sha256Digest? digest = null)
    {
        Text = text;
        Kind = kind;
        MaxLength = maxLength;
        Digest = digest;
    }

    public string Text { get; }

    public RepositoryFile Kind { get; }

    /// <summary>Most bytes that a file of this kind can have; checked before one of them is kept (A06, A53).</summary>
    public long MaxLength { get; }

    /// <summary>The digest that the name promises; null for metadata.</summary>
    public Sha256Digest? Digest { get; }

    /// <summary>What changes under its name with every publication.</summary>
    public bool IsMutable => Kind is RepositoryFile.Timestamp or RepositoryFile.LogCheckpoint;

    /// <summary>
    /// Whether another publication may bring other bytes under this name. A tile is fixed by the tree, which is verified as a whole: when a root voids what a thief published, his
    /// tiles go with it.
    /// </summary>
    public bool IsReplaceable => IsMutable || Kind == RepositoryFile.LogTile;

    public static RepositoryPath LogCheckpoint { get; } = new(LogPrefix + ITileSource.Checkpoint, RepositoryFile.LogCheckpoint, LogLimits.NoteBytes);

    public static RepositoryPath LogTile(TileAddress tile) => new(LogPrefix + tile.Path, RepositoryFile.LogTile, tile.MaxBytes);

    public static RepositoryPath Timestamp { get; } = Metadata(MetadataFileName.Timestamp, RepositoryFile.Timestamp, DecodeLimits.TimestampBytes);

    public static RepositoryPath Root(long version) => Metadata(MetadataFileName.Root(version), RepositoryFile.Root, DecodeLimits.RootBytes);

    public static RepositoryPath Snapshot(long version) => Metadata(MetadataFileName.Snapshot(version), RepositoryFile.Snapshot, DecodeLimits.SnapshotBytes);

    public static RepositoryPath Targets(string role, long version) => Metadata(MetadataFileName.OfRole(role, version), RepositoryFile.Targets, DecodeLimits.TargetsBytes);

    /// <summary>The envelope of the target <paramref name="target"/>, which is of the form product/version/manifest.suit.</summary>
    public static RepositoryPath Manifest(string target, Sha256Digest digest) =>
        new($"targets/{MetadataFileName.OfTarget(target, digest)}", RepositoryFile.Manifest, DecodeLimits.EnvelopeBytes, digest);

    public static RepositoryPath Pack(Sha256Digest digest) => new($"packs/{digest}", RepositoryFile.Pack, MaxPackBytes, digest);

    public static RepositoryPath ChunkTable(Sha256Digest digest) => new($"tables/{digest}", RepositoryFile.ChunkTable, Fota.Manifest.Packs.ChunkTable.MaxEncodedSize, digest);

    public static RepositoryPath Sbom(Sha256Digest digest) => new($"sboms/{digest}", RepositoryFile.Sbom, SbomDocument.MaxBytes, digest);

    /// <summary>An incompressible image of the largest size, with its index.</summary>
    private static long MaxPackBytes => DecodeLimits.ImageBytes + (DecodeLimits.ImageBytes / 64) + PackIndex.HeadSize + (4L * DecodeLimits.Chunks);

    public static bool TryParse(string? text, [NotNullWhen(true)] out RepositoryPath? path)
    {
        path = text?.Split('/') switch
        {
            ["metadata", var name] => ParseMetadata(name),
            ["targets", var product, var version, var name] => ParseManifest(product, version, name),
            ["packs", var name] when Sha256Digest.TryParse(name, out Sha256Digest? digest) => Pack(digest),
            ["tables", var name] when Sha256Digest.TryParse(name, out Sha256Digest? digest) => ChunkTable(digest),
            ["sboms", var name] when Sha256Digest.TryParse(name, out Sha256Digest? digest) => Sbom(digest),
            ["log", .. var rest] => ParseLog(string.Join('/', rest)),
            _ => null,
        };
        return path is not null;
    }

    private static RepositoryPath? ParseLog(string text) => text is ITileSource.Checkpoint ? LogCheckpoint : TileAddress.TryParse(text, out TileAddress? tile) ? LogTile(tile) : null;

    private static RepositoryPath? ParseMetadata(string name)
    {
        if (name == MetadataFileName.Timestamp)
        {
            return Timestamp;
        }

        int dot = name.IndexOf('.', StringComparison.Ordinal);
        if (dot < 1 || !name.EndsWith(JsonSuffix, StringComparison.Ordinal) || name.Length < dot + 1 + JsonSuffix.Length
            || !long.TryParse(name.AsSpan(0, dot), System.Globalization.NumberStyles.None, null, out long version) || version < 1 || name[0] == '0')
        {
            return null;
        }

        string role = name[(dot + 1)..^JsonSuffix.Length];
        return role switch
        {
            "root" => Root(version),
            "snapshot" => Snapshot(version),
            "targets" => Targets(role, version),
            _ => ProductName.TryParse(role, out _) || HashBin.TryParse(role, out _, out _) ? Targets(role, version) : null,
        };
    }

    private static RepositoryPath? ParseManifest(string product, string version, string name) =>
        ProductName.TryParse(product, out _)
        && ReleaseVersion.TryParse(version, out ReleaseVersion? parsed) && parsed.ToString() == version
        && name.EndsWith(ManifestSuffix, StringComparison.Ordinal)
        && Sha256Digest.TryParse(name[..^ManifestSuffix.Length], out Sha256Digest? digest)
            ? Manifest($"{product}/{version}/manifest.suit", digest)
            : null;

    private static RepositoryPath Metadata(string name, RepositoryFile kind, long maxLength) => new($"metadata/{name}", kind, maxLength);
}
