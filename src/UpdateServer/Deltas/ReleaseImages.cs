using Fota.Manifest;

namespace Fota.UpdateServer.Deltas;

/// <summary>The images of a release that was published once, listed still or not.</summary>
/// <param name="Product">Its product, as its path says.</param>
/// <param name="Manifest">The manifest's digest, by which devices name the release.</param>
/// <param name="Content">What the manifest says.</param>
internal sealed record ReleaseImages(ProductName Product, Sha256Digest Manifest, UpdateManifest Content)
{
    /// <summary>
    /// What a device that runs this release has of each part, and what <paramref name="next"/> puts there, where these differ.
    /// </summary>
    /// <param name="next">The release that it is to get.</param>
    /// <param name="running">The slot that it runs; null when nobody can say, and then nothing is said of images that are for one slot.</param>
    public IEnumerable<(ComponentImage Base, ComponentImage Image)> PairsWith(ReleaseImages next, ImageSlot? running)
    {
        foreach (UpdateComponent component in next.Content.Components)
        {
            if (Content.Components.FirstOrDefault(c => c.Id.Equals(component.Id)) is { } before
                && Image(before.Images, running) is { } has
                && Image(component.Images, Other(running)) is { } gets
                && has.ImageDigest != gets.ImageDigest)
            {
                yield return (has, gets);
            }
        }
    }

    private static ComponentImage? Image(ComponentImages images, ImageSlot? slot) => (images, slot) switch
    {
        (ComponentImages.ForBothSlots both, _) => both.Image,
        (_, { } known) => images.For(known),
        _ => null,
    };

    private static ImageSlot? Other(ImageSlot? slot) => slot switch
    {
        null => null,
        ImageSlot.A => ImageSlot.B,
        _ => ImageSlot.A,
    };
}
