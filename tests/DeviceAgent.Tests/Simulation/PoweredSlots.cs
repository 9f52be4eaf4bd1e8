using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Slots;
using Fota.Manifest.Packs;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Tests.Simulation;

/// <summary>Slots on a device whose power may fail; what was not flushed is gone then. It notes which slots were opened for writing, and which chunks were written.</summary>
internal sealed class PoweredSlots(FileSlotStorage slots, FileSlotReader paths, PowerSupply power) : ISlotStorage
{
    /// <summary>Every opening for writing.</summary>
    public IList<SlotName> Opened { get; } = [];

    /// <summary>The index of every chunk written.</summary>
    public IList<int> Written { get; } = [];

    public long Capacity => slots.Capacity;

    public Stream OpenForReading(SlotName slot) => slots.OpenForReading(slot);

    public byte[]? ReadEnvelope(SlotName slot) => slots.ReadEnvelope(slot);

    public ISlotWriter OpenForWriting(InactiveSlot slot)
    {
        Opened.Add(slot.Name);
        power.BeginWriting(paths.PathOf(slot.Name));
        return new Writer(this, slots.OpenForWriting(slot), paths.PathOf(slot.Name), power);
    }

    public void ClearEnvelope(InactiveSlot slot) => slots.ClearEnvelope(slot);

    public void StoreEnvelope(InactiveSlot slot, VerifiedImage image) => slots.StoreEnvelope(slot, image);

    private sealed class Writer(PoweredSlots owner, ISlotWriter writer, string path, PowerSupply power) : ISlotWriter
    {
        public void Write(VerifiedChunk chunk)
        {
            byte[] half = chunk.Bytes[..(chunk.Bytes.Length / 2)].ToArray();
            power.Perform(
                () =>
                {
                    writer.Write(chunk);
                    owner.Written.Add(chunk.Index);
                },
                () =>
                {
                    using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                    file.Position = chunk.Offset;
                    file.Write(half);
                });
        }

        public void Flush() => power.Perform(
            () =>
            {
                writer.Flush();
                power.Flushed(path);
                power.BeginWriting(path); // what is written from here on can be lost again
            },
            static () => { });

        public void Dispose() => writer.Dispose();
    }
}
