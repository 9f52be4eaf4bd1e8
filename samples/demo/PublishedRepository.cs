using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;

namespace Fota.Samples.Demo;

/// <summary>A copy of all that was published, as anybody could have made who listened.</summary>
public sealed class PublishedRepository(string directory)
{
    /// <summary>The TUF target path of a release.</summary>
    public static string TargetOf(string version) => $"{SignerSite.Product}/{version}/manifest.suit";

    /// <summary>The bytes at a path of the repository, or null.</summary>
    public byte[]? Read(string path)
    {
        string file = Path.GetFullPath(Path.Combine(directory, path));
        return file.StartsWith(Path.GetFullPath(directory) + "/", StringComparison.Ordinal) && File.Exists(file) ? File.ReadAllBytes(file) : null;
    }

    /// <summary>The newest timestamp.</summary>
    public TimestampMetadata Timestamp() => Decode("metadata/timestamp.json").UnverifiedTimestamp().OrThrow();

    /// <summary>The snapshot that it names.</summary>
    public SnapshotMetadata Snapshot() => Decode($"metadata/{Timestamp().Snapshot.Version}.snapshot.json").UnverifiedSnapshot().OrThrow();

    /// <summary>The product's role, as the snapshot names it.</summary>
    public TargetsMetadata Product() => Decode($"metadata/{Snapshot().Meta[$"{SignerSite.Product}.json"].Version}.{SignerSite.Product}.json").UnverifiedTargets().OrThrow();

    /// <summary>What a published release says.</summary>
    public UpdateManifest ManifestOf(string version)
    {
        Sha256Digest digest = Product().Targets[TargetOf(version)].Sha256;
        byte[] envelope = Read($"targets/{SignerSite.Product}/{version}/{digest}.manifest.suit") ?? throw new DemoFailedException($"no manifest of {version}");
        return SignedEnvelope.Decode(envelope).OrThrow().UnverifiedContent().OrThrow();
    }

    /// <summary>Path of a published release's pack.</summary>
    public string PackOf(string version) => ManifestOf(version).Components[0].Images.For(ImageSlot.A).PackUri;

    private SignedMetadata Decode(string path) =>
        SignedMetadata.Decode(Read(path) ?? throw new DemoFailedException($"no {path} in the repository"), DecodeLimits.TargetsBytes, MetadataProfile.Fota).OrThrow();
}
