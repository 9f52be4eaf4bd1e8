using Fota.Manifest;

namespace Fota.UpdateServer.Releases;

/// <summary>A release that the published product roles list.</summary>
/// <param name="Product">Its product.</param>
/// <param name="Version">Its version.</param>
/// <param name="Target">Its TUF target path.</param>
/// <param name="ManifestDigest">Its identity.</param>
/// <param name="Sequence">Its sequence number.</param>
/// <param name="SecurityVersion">Its security version.</param>
/// <param name="ImageSize">Bytes of the image.</param>
/// <param name="PackSize">Bytes of the pack.</param>
/// <param name="GateOverride">The gates that it may pass on devices although they are closed.</param>
internal sealed record Release(
    ProductName Product,
    ReleaseVersion Version,
    string Target,
    Sha256Digest ManifestDigest,
    SequenceNumber Sequence,
    SecurityVersion SecurityVersion,
    long ImageSize,
    long PackSize,
    GateOverride GateOverride);
