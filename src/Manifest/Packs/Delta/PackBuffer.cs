using System.Buffers;

namespace Fota.Manifest.Packs;

/// <summary>Writes the integers that <see cref="PackCursor"/> reads.</summary>
internal sealed class PackBuffer
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public int Length => _bytes.WrittenCount;

    public void Unsigned(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        Span<byte> coded = stackalloc byte[10];
        int length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            coded[length++] = (byte)((value & 0x7F) | 0x80);
        }

        coded[length++] = (byte)value;
        _bytes.Write(coded[..length]);
    }

    public void Signed(long value) => Unsigned((value << 1) ^ (value >> 63));

    public void Append(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);

    public void Clear() => _bytes.ResetWrittenCount();

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();
}
