namespace Fota.Interop.Zstd;

/// <summary>Compresses one buffer into one zstd frame, optionally against a prefix. One instance serves one thread at a time.</summary>
public sealed unsafe class ZstdCompressor : IDisposable
{
    private readonly CompressionContext _context;

    /// <summary>Makes a compressor.</summary>
    /// <param name="level">zstd level, 1 to 22.</param>
    /// <param name="windowLog">Base-2 logarithm of the largest window; it must cover prefix and source for a match anywhere in the prefix.</param>
    /// <param name="format">How frames begin. Those without a magic number do not say their content's length either.</param>
    /// <exception cref="ZstdException">A parameter is out of libzstd's range, or there is no memory.</exception>
    public ZstdCompressor(int level, int windowLog, ZstdFrameFormat format = ZstdFrameFormat.Standard)
    {
        _context = LibZstd.ZSTD_createCCtx();
        if (_context.IsInvalid)
        {
            _context.Dispose();
            throw new ZstdException(nameof(LibZstd.ZSTD_createCCtx), LibZstd.ErrorName(LibZstd.ErrorMemoryAllocation));
        }

        // A frame is proven by the signed hash of what it yields, so a checksum of its own would only cost bytes.
        Set(LibZstd.CompressionLevel, level);
        Set(LibZstd.WindowLog, windowLog);
        Set(LibZstd.ContentSizeFlag, format == ZstdFrameFormat.Standard ? 1 : 0);
        Set(LibZstd.CompressionFormat, (int)format);
        Set(LibZstd.ChecksumFlag, 0);
        Set(LibZstd.DictionaryIdFlag, 0);
    }

    /// <summary>The largest frame that a source of this length can give, in bytes.</summary>
    public static int Bound(int sourceLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sourceLength);
        return checked((int)LibZstd.Check(LibZstd.ZSTD_compressBound((nuint)sourceLength), nameof(LibZstd.ZSTD_compressBound)));
    }

    /// <summary>Writes <paramref name="source"/> as one frame that refers to <paramref name="prefix"/> (may be empty).</summary>
    /// <remarks>Where prefix and source share memory, libzstd takes the shared part for changed and does not refer to it.</remarks>
    /// <returns>The frame's length in bytes.</returns>
    /// <exception cref="ZstdException">The destination is smaller than the frame, or there is no memory.</exception>
    public int Compress(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_context.IsClosed, this);
        fixed (byte* prefixStart = prefix, sourceStart = source, destinationStart = destination)
        {
            // A prefix holds for the next frame only, so it must be pinned until that frame is done and leaves nothing behind.
            LibZstd.Check(LibZstd.ZSTD_CCtx_refPrefix(_context, prefixStart, (nuint)prefix.Length), nameof(LibZstd.ZSTD_CCtx_refPrefix));
            nuint written = LibZstd.ZSTD_compress2(_context, destinationStart, (nuint)destination.Length, sourceStart, (nuint)source.Length);
            return checked((int)LibZstd.Check(written, nameof(LibZstd.ZSTD_compress2)));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _context.Dispose();

    private void Set(int parameter, int value)
    {
        nuint result = LibZstd.ZSTD_CCtx_setParameter(_context, parameter, value);
        if (LibZstd.ZSTD_isError(result) != 0)
        {
            _context.Dispose();
            LibZstd.Check(result, nameof(LibZstd.ZSTD_CCtx_setParameter));
        }
    }
}
