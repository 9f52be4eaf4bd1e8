using Fota.DeviceAgent.Boot;
using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Packs;

namespace Fota.DeviceAgent.Slots;

/// <summary>
/// The image in the running slot, as the base of a delta. It is opened for reading and for nothing else (promise P2). What the envelope beside the slot
/// says of it is a hint: whatever is made of its bytes is proven by the new image's chunk table.
/// </summary>
internal sealed class RunningImage : IRandomAccessImage, IDisposable
{
    private readonly string _name;
    private readonly Stream _slot;
    private readonly StreamImage _image;

    private RunningImage(string name, Sha256Digest digest, Stream slot, long length)
    {
        _name = name;
        Digest = digest;
        _slot = slot;
        _image = new StreamImage(slot, length); // the slot may be longer than the image in it
    }

    /// <summary>SHA-256 of the image, as the envelope says.</summary>
    public Sha256Digest Digest { get; }

    /// <inheritdoc/>
    public long Length => _image.Length;

    /// <exception cref="RejectedException">The slot cannot be read, or nothing readable says what is in it.</exception>
    public static RunningImage Open(ISlotReader slots, SlotName running)
    {
        string name = $"slot {running}";
        try
        {
            byte[] envelope = slots.ReadEnvelope(running)
                ?? throw new RejectedException(RejectionReason.BaseMismatch, $"{name}: wanted an envelope that says what is in it, got none");
            UpdateManifest said = SignedEnvelope.Decode(envelope).OrThrow().UnverifiedContent().OrThrow();
            ComponentImage image = said.Components is [{ } sole]
                ? sole.Images.For(running.ForManifest())
                : throw new RejectedException(RejectionReason.BaseMismatch, $"{name}: wanted a release of one component, got {said.Components.Count}");
            return new RunningImage(name, image.ImageDigest, slots.OpenForReading(running), image.ImageSize);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(name, e);
        }
    }

    /// <summary>Fills <paramref name="destination"/>.</summary>
    /// <exception cref="RejectedException">The slot cannot be read there: a reason to do without the delta, not one to give up the update.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        try
        {
            _image.Read(offset, destination);
        }
        catch (IOException e)
        {
            throw Unreadable(_name, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _slot.Dispose();

    private static RejectedException Unreadable(string name, Exception e) => new(RejectionReason.StorageFailed, $"{name}, to be read: {e.Message}");
}
