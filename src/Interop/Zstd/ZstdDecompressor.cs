using System.Diagnostics.CodeAnalysis;

namespace Fota.Interop.Zstd;

/// <summary>
/// Decompresses one zstd frame into a buffer of the caller, which bounds the output: a decompression bomb (A28) gives an error, never
/// more bytes. One instance serves one thread at a time.
/// </summary>
public sealed unsafe class ZstdDecompressor : IDisposable
{
    private readonly DecompressionContext _context;
    private readonly int _windowLogMax;
    private readonly ZstdFrameFormat _format;

    /// <summary>Makes a decompressor.</summary>
    /// <param name="windowLogMax">Base-2 logarithm of the largest window that a frame may ask for, 10 to 31.</param>
    /// <param name="format">How frames begin.</param>
    /// <exception cref="ZstdException">The limit is out of libzstd's range, or there is no memory.</exception>
    public ZstdDecompressor(int windowLogMax, ZstdFrameFormat format = ZstdFrameFormat.Standard)
    {
        _windowLogMax = windowLogMax;
        _format = format;
        _context = LibZstd.ZSTD_createDCtx();
        if (_context.IsInvalid)
        {
            _context.Dispose();
            throw new ZstdException(nameof(LibZstd.ZSTD_createDCtx), LibZstd.ErrorName(LibZstd.ErrorMemoryAllocation));
        }

        Set(LibZstd.DecoderWindowLogMax, windowLogMax);
        Set(LibZstd.DecompressionFormat, (int)format);
    }

    /// <summary>Decompresses <paramref name="frame"/>, which must be exactly one frame, against <paramref name="prefix"/> (may be empty).</summary>
    /// <param name="prefix">The bytes the frame was compressed against.</param>
    /// <param name="frame">One frame and nothing after it.</param>
    /// <param name="destination">Receives the content; its length is the hard limit. On failure its content is unspecified.</param>
    /// <param name="written">Bytes of content, 0 on failure.</param>
    /// <param name="error">What is wrong with the frame, in libzstd's words; null on success.</param>
    /// <returns>False when the frame is not acceptable. True says nothing about authenticity: hash the content before use.</returns>
    /// <exception cref="ZstdException">There is no memory.</exception>
    public bool TryDecompress(
        ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> frame, Span<byte> destination, out int written, [NotNullWhen(false)] out string? error)
    {
        ObjectDisposedException.ThrowIf(_context.IsClosed, this);
        written = 0;
        (int headerError, int trailing) = ZstdFrame.Check(frame, _format, _windowLogMax);
        if (headerError != 0 || trailing != 0)
        {
            error = headerError != 0 ? LibZstd.ErrorName(headerError) : $"{trailing} bytes after the frame";
            return false;
        }

        fixed (byte* prefixStart = prefix, frameStart = frame, destinationStart = destination)
        {
            LibZstd.Check(LibZstd.ZSTD_DCtx_refPrefix(_context, prefixStart, (nuint)prefix.Length), nameof(LibZstd.ZSTD_DCtx_refPrefix));
            nuint length = LibZstd.ZSTD_decompressDCtx(_context, destinationStart, (nuint)destination.Length, frameStart, (nuint)frame.Length);
            if (IsError(length, nameof(LibZstd.ZSTD_decompressDCtx), out error))
            {
                return false;
            }

            written = (int)length;
            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _context.Dispose();

    private void Set(int parameter, int value)
    {
        nuint result = LibZstd.ZSTD_DCtx_setParameter(_context, parameter, value);
        if (LibZstd.ZSTD_isError(result) != 0)
        {
            _context.Dispose();
            LibZstd.Check(result, nameof(LibZstd.ZSTD_DCtx_setParameter));
        }
    }

    private static bool IsError(nuint result, string function, [NotNullWhen(true)] out string? error)
    {
        error = null;
        if (LibZstd.ZSTD_isError(result) == 0)
        {
            return false;
        }

        int code = LibZstd.ZSTD_getErrorCode(result);
        error = LibZstd.ErrorName(code);
        return code == LibZstd.ErrorMemoryAllocation ? throw new ZstdException(function, error) : true;
    }
}
