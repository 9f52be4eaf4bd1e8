using System.Globalization;
using Fota.Manifest;
using Fota.UpdateServer.Releases;

namespace Fota.UpdateServer.Storage.Rows;

/// <summary>The row of the table publication.</summary>
internal sealed record PublicationRow(long Generation, long TimestampVersion);

/// <summary>A row of the table published_files.</summary>
internal sealed record FileRow(string Path, string Sha256, long Length);

/// <summary>A row of the table releases.</summary>
internal sealed record ReleaseRow(string Target, string Product, string Version, string ManifestDigest, string Sequence, long SecurityVersion, long ImageSize, long PackSize, string GateOverride)
{
    public static ReleaseRow From(Release r) =>
        new(r.Target, r.Product.ToString(), r.Version.ToString(), r.ManifestDigest.ToString(), r.Sequence.ToString(), r.SecurityVersion.Value, r.ImageSize, r.PackSize, r.GateOverride.Gates.Count > 0 ? r.GateOverride.ToString() : "");

    public Release ToRelease() => new(
        ProductName.Parse(Product),
        ReleaseVersion.Parse(Version),
        Target,
        Sha256Digest.Parse(ManifestDigest),
        new SequenceNumber(ulong.Parse(Sequence, CultureInfo.InvariantCulture)),
        new SecurityVersion((uint)SecurityVersion),
        ImageSize,
        PackSize,
        GateOverride.Length > 0 ? Manifest.GateOverride.Parse(GateOverride) : Manifest.GateOverride.None);
}
