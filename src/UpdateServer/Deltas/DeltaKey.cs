using Fota.Manifest;

namespace Fota.UpdateServer.Deltas;

/// <summary>What a delta pack is for: it makes the one image of the other, whatever the releases are called that list them.</summary>
/// <param name="Base">SHA-256 of the image that devices have.</param>
/// <param name="Image">SHA-256 of the image that they are to get.</param>
internal sealed record DeltaKey(Sha256Digest Base, Sha256Digest Image);
