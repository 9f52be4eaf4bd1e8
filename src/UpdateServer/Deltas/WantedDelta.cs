using Fota.Manifest;

namespace Fota.UpdateServer.Deltas;

/// <summary>A delta pack that would help devices.</summary>
/// <param name="From">A release that devices run.</param>
/// <param name="To">The release that they are to get.</param>
/// <param name="Base">The image that they have.</param>
/// <param name="Image">The image that they are to get.</param>
/// <param name="Devices">How many there are.</param>
internal sealed record WantedDelta(ReleaseImages From, ReleaseImages To, ComponentImage Base, ComponentImage Image, int Devices)
{
    public DeltaKey Key => new(Base.ImageDigest, Image.ImageDigest);
}
