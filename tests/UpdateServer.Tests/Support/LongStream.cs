namespace Fota.UpdateServer.Tests.Support;

/// <summary>Some bytes, then a great many that nobody made, then some bytes.</summary>
internal sealed class LongStream(byte[] before, long between, byte[] after) : Stream
{
    private long _at;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => before.Length + between + after.Length;

    public override long Position
    {
        get => _at;
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        long left = before.Length + between - _at;
        int read;
        if (_at >= before.Length && left > 0)
        {
            read = (int)Math.Min(left, buffer.Length);
        }
        else
        {
            ReadOnlySpan<byte> bytes = _at < before.Length ? before.AsSpan((int)_at) : after.AsSpan((int)-left);
            read = Math.Min(bytes.Length, buffer.Length);
            bytes[..read].CopyTo(buffer.Span);
        }

        _at += read;
        return ValueTask.FromResult(read);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
