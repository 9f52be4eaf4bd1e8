using Fota.Manifest;

namespace Fota.TestKit;

/// <summary>Alters what a manifest says of its one image for both slots.</summary>
public static class ManifestEdits
{
    public static UpdateManifest WithImage(this UpdateManifest manifest, Func<ComponentImage, ComponentImage> change)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(change);
        UpdateComponent component = manifest.Components.Single();
        return manifest with { Components = [component with { Images = new ComponentImages.ForBothSlots(change(((ComponentImages.ForBothSlots)component.Images).Image)) }] };
    }
}
