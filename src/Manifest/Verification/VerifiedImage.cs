using System.Security.Cryptography;

namespace Fota.Manifest.Verification;

/// <summary>
/// The proof that a whole slot was read back and holds the image of a verified manifest. Without one, nothing is activated (agent) and
/// nothing is started (bootloader).
/// </summary>
public sealed class VerifiedImage
{
    private VerifiedImage(VerifiedManifest manifest) => Manifest = manifest;

    /// <summary>The manifest whose image it is.</summary>
    public VerifiedManifest Manifest { get; }

    /// <summary>Reads the image's length from <paramref name="slot"/> and compares its digest; bytes behind it in the slot are not part of it.</summary>
    public static Verdict<VerifiedImage> ReadBack(AdmittedManifest manifest, Stream slot)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        return Verdict.Of(() => Read(manifest.Manifest, slot));
    }

    /// <summary>
    /// What a bootloader asks at every boot, before it starts an image: conditions, floor and digest. The sequence number is not asked: the
    /// slot kept for going back holds a lower one.
    /// </summary>
    public static Verdict<VerifiedImage> VerifyForBoot(VerifiedManifest manifest, DeviceTraits device, SecurityVersion floor, Stream slot)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(device);
        return Verdict.Of(() =>
        {
            AdmittedManifest.RequireFor(manifest.Content, device);
            AdmittedManifest.RequireFloor(manifest.Content, floor);
            return Read(manifest, slot);
        });
    }

    private static VerifiedImage Read(VerifiedManifest manifest, Stream slot)
    {
        ArgumentNullException.ThrowIfNull(slot);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[64 * 1024];
        long left = manifest.Content.ImageSize;
        while (left > 0)
        {
            int read = slot.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
            if (read == 0)
            {
                throw new RejectedException(RejectionReason.ImageMismatch, $"slot: wanted {manifest.Content.ImageSize} bytes, got {manifest.Content.ImageSize - left}");
            }

            hash.AppendData(buffer, 0, read);
            left -= read;
        }

        Sha256Digest digest = Sha256Digest.FromBytes(hash.GetHashAndReset());
        return digest == manifest.Content.ImageDigest
            ? new VerifiedImage(manifest)
            : throw new RejectedException(RejectionReason.ImageMismatch, $"slot: wanted an image with digest {manifest.Content.ImageDigest}, got {digest}");
    }
}
