using System.Runtime.InteropServices;

namespace Fota.Interop.Zstd;

/// <summary>The part of <c>zstd.h</c> and <c>zstd_errors.h</c> that is used, under their C names.</summary>
internal static unsafe partial class LibZstd
{
    public const int CompressionLevel = 100;
    public const int WindowLog = 101;
    public const int ContentSizeFlag = 200;
    public const int ChecksumFlag = 201;
    public const int DictionaryIdFlag = 202;
    public const int DecoderWindowLogMax = 100;

    // Of the experimental section of zstd.h, by number and the same since 1.3.3: ZSTD_c_format and ZSTD_d_format.
    public const int CompressionFormat = 10;
    public const int DecompressionFormat = 1000;

    public const int ErrorPrefixUnknown = 10;
    public const int ErrorWindowTooLarge = 16;
    public const int ErrorCorruption = 20;
    public const int ErrorMemoryAllocation = 64;
    public const int ErrorSourceSizeWrong = 72;

    private const string Library = "libzstd.so.1";

    [LibraryImport(Library)]
    public static partial CompressionContext ZSTD_createCCtx();

    [LibraryImport(Library)]
    public static partial nuint ZSTD_freeCCtx(nint context);

    [LibraryImport(Library)]
    public static partial nuint ZSTD_CCtx_setParameter(CompressionContext context, int parameter, int value);

    [LibraryImport(Library)]
    public static partial nuint ZSTD_CCtx_refPrefix(CompressionContext context, byte* prefix, nuint prefixSize);

    [LibraryImport(Library)]
    public static partial nuint ZSTD_compress2(CompressionContext context, byte* destination, nuint capacity, byte* source, nuint sourceSize);

    [LibraryImport(Library)]
    public static partial nuint ZSTD_compressBound(nuint sourceSize);

    [LibraryImport(Library)]
    public static partial DecompressionContext ZSTD_createDCtx();

    [LibraryImport(Library)]
    public static partial nuint ZSTD_freeDCtx(nint context);

    [LibraryImport(Library)]
    public static partial nuint ZSTD_DCtx_setParameter(DecompressionContext context, int parameter, int value);

    [LibraryImport(Library)]
    public static partial nuint ZSTD_DCtx_refPrefix(DecompressionContext context, byte* prefix, nuint prefixSize);

    [LibraryImport(Library)]
    public static partial nuint ZSTD_decompressDCtx(DecompressionContext context, byte* destination, nuint capacity, byte* source, nuint sourceSize);

    [LibraryImport(Library)]
    public static partial uint ZSTD_isError(nuint result);

    [LibraryImport(Library)]
    public static partial int ZSTD_getErrorCode(nuint result);

    [LibraryImport(Library)]
    private static partial byte* ZSTD_getErrorString(int code);

    public static string ErrorName(int code) => Marshal.PtrToStringUTF8((nint)ZSTD_getErrorString(code)) ?? "unknown error";

    public static nuint Check(nuint result, string function) =>
        ZSTD_isError(result) == 0 ? result : throw new ZstdException(function, ErrorName(ZSTD_getErrorCode(result)));
}

/// <summary>Owns a <c>ZSTD_CCtx</c>.</summary>
internal sealed class CompressionContext() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle() => LibZstd.ZSTD_freeCCtx(handle) == 0;
}

/// <summary>Owns a <c>ZSTD_DCtx</c>.</summary>
internal sealed class DecompressionContext() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle() => LibZstd.ZSTD_freeDCtx(handle) == 0;
}
