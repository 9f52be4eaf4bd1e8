using System.Buffers.Binary;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Boot;

/// <summary>
/// Which slot is started next, agreed between agent and bootloader: 26 bytes, "FOTABOOT" (8), generation (8, big-endian), then
/// priority, tries and successful (1 each) of slot A and of slot B, and a CRC-32 over all before it (4, big-endian).
/// </summary>
public sealed record BootRecord(SlotBootState A, SlotBootState B)
{
    /// <summary>Length of the encoded record in bytes.</summary>
    public const int Size = PayloadSize + 4;

    private const int PayloadSize = 8 + 8 + 3 + 3;

    /// <summary>
    /// What a bootloader assumes when no copy of the record is readable: both slots get a trial. Secure boot decides what is started.
    /// </summary>
    public static BootRecord Unknown { get; } = new(SlotBootState.Trial(2), SlotBootState.Trial(1));

    private static ReadOnlySpan<byte> Magic => "FOTABOOT"u8;

    /// <summary>The state of one slot.</summary>
    public SlotBootState this[SlotName slot] => slot == SlotName.A ? A : B;

    /// <summary>The slots that may be started, the preferred one first.</summary>
    public IReadOnlyList<SlotName> BootOrder => [.. ByPriority.Where(slot => this[slot].IsBootable)];

    /// <summary>The slots that are not marked unbootable, the preferred one first; tries are not asked.</summary>
    public IReadOnlyList<SlotName> ByPriority =>
        [.. new[] { SlotName.A, SlotName.B }.Where(slot => this[slot].Priority > 0).OrderByDescending(slot => this[slot].Priority)];

    /// <summary>The record with another state of one slot.</summary>
    public BootRecord With(SlotName slot, SlotBootState state) => slot == SlotName.A ? this with { A = state } : this with { B = state };

    internal byte[] Encode(ulong generation)
    {
        byte[] bytes = new byte[Size];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), generation);
        Encode(A, bytes.AsSpan(16));
        Encode(B, bytes.AsSpan(19));
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(PayloadSize), Crc32.Of(bytes.AsSpan(0, PayloadSize)));
        return bytes;
    }

    /// <summary>Null when the copy is torn, or is no boot record.</summary>
    internal static (BootRecord Record, ulong Generation)? Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size || !bytes.StartsWith(Magic) || BinaryPrimitives.ReadUInt32BigEndian(bytes[PayloadSize..]) != Crc32.Of(bytes[..PayloadSize]))
        {
            return null;
        }

        return (new BootRecord(DecodeSlot(bytes[16..]), DecodeSlot(bytes[19..])), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
    }

    private static void Encode(SlotBootState state, Span<byte> bytes)
    {
        bytes[0] = (byte)state.Priority;
        bytes[1] = (byte)state.Tries;
        bytes[2] = state.Successful ? (byte)1 : (byte)0;
    }

    private static SlotBootState DecodeSlot(ReadOnlySpan<byte> bytes) =>
        bytes[2] <= 1 ? SlotBootState.From(bytes[0], bytes[1], bytes[2] == 1) : SlotBootState.Unbootable;
}
