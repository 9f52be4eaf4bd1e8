using System.Buffers.Binary;

namespace Fota.Manifest.Keys.HashBased;

/// <summary>Takes fixed-length fields off the front of bytes that may be too few.</summary>
internal ref struct ByteCursor(ReadOnlySpan<byte> bytes)
{
    public ReadOnlySpan<byte> Rest { get; private set; } = bytes;

    public bool TryTake(int length, out ReadOnlySpan<byte> taken)
    {
        if (length > Rest.Length)
        {
            taken = default;
            return false;
        }

        taken = Rest[..length];
        Rest = Rest[length..];
        return true;
    }

    public bool TryReadUInt32(out uint value)
    {
        bool enough = TryTake(sizeof(uint), out ReadOnlySpan<byte> taken);
        value = enough ? BinaryPrimitives.ReadUInt32BigEndian(taken) : 0;
        return enough;
    }
}
