namespace Fota.Manifest.Verification;

/// <summary>An image that a verified manifest lists. The type is the proof: it comes out of a <see cref="VerifiedManifest"/> and from nowhere else.</summary>
public sealed class ListedImage
{
    private ListedImage(VerifiedManifest manifest, ComponentId component, ImageSlot? slot, ComponentImage content)
    {
        Manifest = manifest;
        Component = component;
        Slot = slot;
        Content = content;
    }

    /// <summary>The manifest that lists it.</summary>
    public VerifiedManifest Manifest { get; }

    /// <summary>Where it belongs.</summary>
    public ComponentId Component { get; }

    /// <summary>The slot it is for, or null for either.</summary>
    public ImageSlot? Slot { get; }

    /// <summary>What the manifest says of it.</summary>
    public ComponentImage Content { get; }

    internal static IReadOnlyList<ListedImage> All(VerifiedManifest manifest) => [.. manifest.Content.Components.SelectMany(component => component.Images switch
    {
        ComponentImages.ForBothSlots both => (ListedImage[])[new ListedImage(manifest, component.Id, null, both.Image)],
        _ => [Of(manifest, component, ImageSlot.A), Of(manifest, component, ImageSlot.B)],
    })];

    private static ListedImage Of(VerifiedManifest manifest, UpdateComponent component, ImageSlot slot) => new(manifest, component.Id, slot, component.Images.For(slot));
}
