using System.Security.Cryptography;
using Fota.DeviceAgent.Boot;
using Fota.Manifest;
using Fota.Manifest.Envelope;

namespace Fota.DeviceAgent.Slots;

/// <summary>What the envelope beside a slot says is in it. That proves nothing: whoever starts a slot verifies it. One that says nothing readable is of no use.</summary>
internal sealed record SlotClaim
{
    private const int BufferSize = 128 * 1024;

    private SlotClaim(SlotName slot, UpdateManifest? content, bool isUnreadable)
    {
        Slot = slot;
        Content = content;
        IsUnreadable = isUnreadable;
    }

    /// <summary>The slot.</summary>
    public SlotName Slot { get; }

    /// <summary>The manifest's content; null where nothing readable says anything.</summary>
    public UpdateManifest? Content { get; }

    /// <summary>Whether the medium failed, which may pass, rather than that nothing is there.</summary>
    public bool IsUnreadable { get; }

    public static SlotClaim Read(ISlotReader slots, SlotName slot)
    {
        try
        {
            UpdateManifest? content = null;
            _ = slots.ReadEnvelope(slot) is { } envelope
                && SignedEnvelope.Decode(envelope).IsAccepted(out SignedEnvelope? signed, out _)
                && signed.UnverifiedContent().IsAccepted(out content, out _);
            return new SlotClaim(slot, content, isUnreadable: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new SlotClaim(slot, null, isUnreadable: true);
        }
    }

    /// <summary>Whether it says that the release's security version is at least that.</summary>
    public bool IsAtLeast(SecurityVersion floor) => Content is { } content && content.SecurityVersion >= floor;

    /// <summary>Reads the slot, and says what of the claimed image is not there; null when it is whole.</summary>
    /// <exception cref="IOException">The slot cannot be read.</exception>
    public async Task<string?> FindDamageAsync(ISlotReader slots, CancellationToken cancellation)
    {
        if (Content is not { Components: [{ } sole] })
        {
            return "wanted an envelope of one component, got none that can be read";
        }

        ComponentImage image = sole.Images.For(Slot.ForManifest());
        using Stream bytes = slots.OpenForReading(Slot);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[BufferSize];
        for (long rest = image.ImageSize; rest > 0;)
        {
            int read = await bytes.ReadAsync(buffer.AsMemory(0, (int)Math.Min(rest, buffer.Length)), cancellation);
            if (read == 0)
            {
                return $"wanted an image of {image.ImageSize} bytes, got {image.ImageSize - rest}";
            }

            hash.AppendData(buffer, 0, read);
            rest -= read;
        }

        Sha256Digest digest = Sha256Digest.FromBytes(hash.GetHashAndReset());
        return digest == image.ImageDigest ? null : $"wanted image {image.ImageDigest}, got {digest}";
    }
}
