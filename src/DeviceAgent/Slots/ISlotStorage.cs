using Fota.DeviceAgent.Boot;
using Fota.Manifest.Packs;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Slots;

/// <summary>What a bootloader needs of the slots: to read them.</summary>
public interface ISlotReader
{
    /// <summary>Bytes that the smaller slot holds.</summary>
    long Capacity { get; }

    /// <summary>The slot's bytes from its beginning.</summary>
    Stream OpenForReading(SlotName slot);

    /// <summary>The envelope that is stored beside the slot, as bytes that prove nothing; null when there is none.</summary>
    byte[]? ReadEnvelope(SlotName slot);
}

/// <summary>The slots, as the agent uses them: it writes only the inactive one (promise P2), and only proven chunks (promise P1).</summary>
public interface ISlotStorage : ISlotReader
{
    /// <summary>Opens the inactive slot for writing.</summary>
    /// <exception cref="InvalidOperationException">The slot is the one that runs.</exception>
    ISlotWriter OpenForWriting(InactiveSlot slot);

    /// <summary>Removes the envelope beside the slot: whatever is in the slot is no release any more.</summary>
    void ClearEnvelope(InactiveSlot slot);

    /// <summary>Stores the envelope beside the slot, durably; it takes the proof that the slot holds its image.</summary>
    void StoreEnvelope(InactiveSlot slot, VerifiedImage image);
}

/// <summary>An inactive slot, open for writing.</summary>
public interface ISlotWriter : IDisposable
{
    /// <summary>Writes one proven chunk to its place.</summary>
    void Write(VerifiedChunk chunk);

    /// <summary>On return everything written is on the disk.</summary>
    void Flush();
}
