namespace Fota.Manifest.Packs;

/// <summary>
/// Reads the integers of a delta pack: unsigned LEB128 in its shortest form, signed ones as zigzag (docs/spec/packs.md, "Integers"). What is wrong is
/// <see cref="RejectionReason.PackMalformed"/>.
/// </summary>
internal ref struct PackCursor(ReadOnlySpan<byte> bytes, string what)
{
    private const int MaxLength = 7; // 49 bits: more than any offset in an image

    private ReadOnlySpan<byte> _rest = bytes;

    public readonly ReadOnlySpan<byte> Rest => _rest;

    public long Unsigned()
    {
        long value = 0;
        for (int i = 0; i < MaxLength && i < _rest.Length; i++)
        {
            value |= (long)(_rest[i] & 0x7F) << (7 * i);
            if (_rest[i] < 0x80)
            {
                bool isShortest = i == 0 || _rest[i] != 0;
                _rest = _rest[(i + 1)..];
                return isShortest ? value : throw Malformed("an integer in its shortest form");
            }
        }

        throw Malformed($"an integer of at most {MaxLength} bytes");
    }

    public long Signed()
    {
        long value = Unsigned();
        return (value >> 1) ^ -(value & 1);
    }

    /// <summary>An integer from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public long Unsigned(long least, long most, string field)
    {
        long value = Unsigned();
        return value >= least && value <= most ? value : throw Malformed($"{field} from {least} to {most}, got {value}");
    }

    public readonly RejectedException Malformed(string wanted) => new(RejectionReason.PackMalformed, $"{what}: wanted {wanted}");
}
