using System.Security.Cryptography;

namespace Fota.Manifest.Verification;

/// <summary>
/// The proof that a whole slot was read back and holds the image of a verified manifest. Without one, nothing is activated (agent) and
/// nothing is started (bootloader).
/// </summary>
public sealed class VerifiedImage
{
    private VerifiedImage(ListedImage image) => Image = image;

    /// <summary>Which image it is.</summary>
    public ListedImage Image { get; }

    /// <summary>The manifest that lists it.</summary>
    public VerifiedManifest Manifest => Image.Manifest;

    /// <summary>Reads the image's length from <paramref name="slot"/> and compares its digest; bytes behind it in the slot are not part of it.</summary>
    public static Verdict<VerifiedImage> ReadBack(AdmittedManifest manifest, Stream slot)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        return Verdict.Of(() => Read(manifest.SoleImage, slot));
    }

    /// <summary>
    /// What a bootloader asks at every boot, before it starts an image: conditions, floor and the digest of the image for this very slot. The sequence
    /// number is not asked, as the slot kept for going back holds a lower one, nor the version condition, which is about installing.
    /// </summary>
    public static Verdict<VerifiedImage> VerifyForBoot(VerifiedManifest manifest, DeviceTraits device, SecurityVersion floor, ImageSlot slot, Stream content)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(device);
        return Verdict.Of(() =>
        {
            AdmittedManifest.RequireFor(manifest.Content, device);
            AdmittedManifest.RequireFloor(manifest.Content, floor);
            return Read(AdmittedManifest.RequireSole(manifest.ImagesFor(slot)), content);
        });
    }

    private static VerifiedImage Read(ListedImage image, Stream slot)
    {
        ArgumentNullException.ThrowIfNull(slot);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[64 * 1024];
        long left = image.Content.ImageSize;
        while (left > 0)
        {
            int read = slot.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
            if (read == 0)
            {
                throw new RejectedException(RejectionReason.ImageMismatch, $"slot: wanted {image.Content.ImageSize} bytes, got {image.Content.ImageSize - left}");
            }

            hash.AppendData(buffer, 0, read);
            left -= read;
        }

        Sha256Digest digest = Sha256Digest.FromBytes(hash.GetHashAndReset());
        return digest == image.Content.ImageDigest
            ? new VerifiedImage(image)
            : throw new RejectedException(RejectionReason.ImageMismatch, $"slot: wanted an image with digest {image.Content.ImageDigest}, got {digest}");
    }
}
