namespace Fota.Manifest.Packs;

/// <summary>The last bytes of a stream, at most a fixed number of them, always contiguous. Moved once a capacity, not once a chunk.</summary>
internal sealed class History
{
    private readonly int _size;
    private readonly byte[] _buffer;
    private int _end;

    public History(int size, int largestAppend)
    {
        _size = size;
        _buffer = new byte[(2 * size) + largestAppend];
    }

    /// <summary>What is remembered.</summary>
    public ReadOnlySpan<byte> Bytes
    {
        get
        {
            int length = Math.Min(_size, _end);
            return _buffer.AsSpan(_end - length, length);
        }
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_end + bytes.Length > _buffer.Length)
        {
            ReadOnlySpan<byte> kept = Bytes;
            kept.CopyTo(_buffer);
            _end = kept.Length;
        }

        bytes.CopyTo(_buffer.AsSpan(_end));
        _end += bytes.Length;
    }
}
