using Fota.DeviceAgent.Boot;
using Fota.Manifest;
using Fota.Manifest.Envelope;

namespace Fota.DeviceAgent.Slots;

/// <summary>What the envelope beside a slot says is in it. That proves nothing: a slot that lies is refused by the bootloader, and one that says nothing readable is of no use.</summary>
/// <param name="Content">The manifest's content; null where nothing readable says anything.</param>
internal sealed record SlotClaim(UpdateManifest? Content)
{
    public static SlotClaim Read(ISlotReader slots, SlotName slot)
    {
        try
        {
            return new SlotClaim(
                slots.ReadEnvelope(slot) is { } envelope
                && SignedEnvelope.Decode(envelope).IsAccepted(out SignedEnvelope? signed, out _)
                && signed.UnverifiedContent().IsAccepted(out UpdateManifest? content, out _)
                    ? content
                    : null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new SlotClaim(Content: null); // what cannot be read here cannot be started either
        }
    }

    /// <summary>Whether it says that the release's security version is at least that.</summary>
    public bool IsAtLeast(SecurityVersion floor) => Content is { } content && content.SecurityVersion >= floor;
}
