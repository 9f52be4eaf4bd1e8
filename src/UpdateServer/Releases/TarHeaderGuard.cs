using Fota.Manifest;

namespace Fota.UpdateServer.Releases;

/// <summary>
/// Bounds the headers of a tar that passes through. <see cref="System.Formats.Tar.TarReader"/> takes extended headers into memory whole, whatever length they
/// claim (A53); here a claim above <see cref="MaxExtendedHeader"/> ends the stream before a byte of it is passed on. What could put this count of bytes
/// out of step with the reader's is refused, or counted as the reader does.
/// </summary>
internal sealed class TarHeaderGuard(Stream inner) : Stream
{
    /// <summary>Most bytes of an extended header: paths and times take a few hundred.</summary>
    public const int MaxExtendedHeader = 64 * 1024;

    private const int Block = 512;
    private const int SizeOffset = 124;
    private const int SizeLength = 12;
    private const int TypeOffset = 156;

    private readonly byte[] _header = new byte[Block];
    private int _headerFilled;
    private byte[] _extended = [];
    private int _extendedFilled;
    private long? _sizeRecord;
    private long _skip;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await inner.ReadAsync(buffer, cancellationToken);
        Watch(buffer.Span[..read]);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("read asynchronously, as the network is");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private void Watch(ReadOnlySpan<byte> passing)
    {
        while (passing.Length > 0)
        {
            if (_skip > 0)
            {
                int skipped = (int)Math.Min(_skip, passing.Length);
                Keep(passing[..skipped]);
                _skip -= skipped;
                passing = passing[skipped..];
                continue;
            }

            int taken = Math.Min(Block - _headerFilled, passing.Length);
            passing[..taken].CopyTo(_header.AsSpan(_headerFilled));
            _headerFilled += taken;
            passing = passing[taken..];
            if (_headerFilled == Block)
            {
                _headerFilled = 0;
                TakeHeader(_header[TypeOffset], SizeOf(_header.AsSpan(SizeOffset, SizeLength)));
            }
        }
    }

    private void TakeHeader(byte type, long size)
    {
        bool isFile = type is (byte)'0' or 0;
        if (type == (byte)'g' || (_sizeRecord is not null && !isFile))
        {
            throw new RejectedException(RejectionReason.Unsupported, "publication: wanted extended headers of one file each, got another");
        }

        if (size > MaxExtendedHeader && !isFile)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"publication: wanted extended headers of at most {MaxExtendedHeader} bytes, got {size}");
        }

        size = _sizeRecord ?? size;
        _sizeRecord = null;
        _extended = type == (byte)'x' ? new byte[size] : [];
        _extendedFilled = 0;
        _skip = (size + Block - 1) / Block * Block;
    }

    /// <summary>Collects an extended header; when it is whole, its size record is known before the reader has seen all of it.</summary>
    private void Keep(ReadOnlySpan<byte> passing)
    {
        int kept = Math.Min(_extended.Length - _extendedFilled, passing.Length);
        if (kept > 0)
        {
            passing[..kept].CopyTo(_extended.AsSpan(_extendedFilled));
            _extendedFilled += kept;
            _sizeRecord = _extendedFilled == _extended.Length ? PaxHeader.SizeRecordOf(_extended) : null;
        }
    }

    /// <summary>Octal digits, or a big-endian number behind a first byte of 0x80 (GNU). What is neither is the reader's to refuse.</summary>
    private static long SizeOf(ReadOnlySpan<byte> field)
    {
        long size = 0;
        if (field[0] == 0x80)
        {
            foreach (byte b in field[^7..])
            {
                size = (size << 8) | b;
            }

            return field[1..^7].ContainsAnyExcept((byte)0) ? long.MaxValue : size;
        }

        foreach (byte b in field.Trim(" \0"u8))
        {
            if (b is < (byte)'0' or > (byte)'7')
            {
                return 0;
            }

            size = (size << 3) | (uint)(b - '0');
        }

        return size;
    }
}
