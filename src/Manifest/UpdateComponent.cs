namespace Fota.Manifest;

/// <summary>One thing that a release installs.</summary>
/// <param name="Id">Which part of the device it is.</param>
/// <param name="Images">What is put there.</param>
public sealed record UpdateComponent(ComponentId Id, ComponentImages Images);

/// <summary>The images of a component.</summary>
public abstract record ComponentImages
{
    private ComponentImages()
    {
    }

    /// <summary>One image that runs from either slot.</summary>
    /// <param name="Image">The image.</param>
    public sealed record ForBothSlots(ComponentImage Image) : ComponentImages;

    /// <summary>An image for each slot: code of a microcontroller that runs where it lies is linked for one address.</summary>
    /// <param name="A">The image for slot A.</param>
    /// <param name="B">The image for slot B.</param>
    public sealed record PerSlot(ComponentImage A, ComponentImage B) : ComponentImages;

    /// <summary>Each image once, that for slot A first.</summary>
    public IReadOnlyList<ComponentImage> All => this is PerSlot each ? [each.A, each.B] : [For(ImageSlot.A)];

    /// <summary>The image that belongs into <paramref name="slot"/>.</summary>
    public ComponentImage For(ImageSlot slot) => this switch
    {
        ForBothSlots both => both.Image,
        PerSlot each => slot == ImageSlot.A ? each.A : each.B,
        _ => throw new InvalidOperationException("the set of images is closed"),
    };
}

/// <summary>The slots of a component; the numbers are those of suit-parameter-component-slot.</summary>
public enum ImageSlot
{
    /// <summary>Slot A.</summary>
    A = 0,

    /// <summary>Slot B.</summary>
    B = 1,
}

/// <summary>An image, and where its bytes are.</summary>
public sealed record ComponentImage
{
    /// <summary>Longest <see cref="PackUri"/>, in characters.</summary>
    public const int MaxUriLength = 512;

    /// <summary>SHA-256 of the whole image (condition image-match).</summary>
    public required Sha256Digest ImageDigest { get; init; }

    /// <summary>Length of the image in bytes, at least 1.</summary>
    public required long ImageSize { get; init; }

    /// <summary>Where the pack is: a URI reference relative to the repository, for example "packs/9f86...".</summary>
    public required string PackUri { get; init; }

    /// <summary>SHA-256 of the encoded chunk table.</summary>
    public required Sha256Digest ChunkTableDigest { get; init; }

    /// <summary>Length of the encoded chunk table in bytes.</summary>
    public required int ChunkTableSize { get; init; }
}
