using System.Buffers.Binary;

namespace Fota.Interop.Zstd;

/// <summary>
/// Reads the window size from a frame header (RFC 8878 section 3.1.1.1). libzstd enforces its window limit in streaming decoding
/// only; a pack must be decodable by streaming decoders with the same limit, so it is enforced here for every frame.
/// </summary>
internal static class ZstdFrameHeader
{
    private const uint Magic = 0xFD2FB528;

    /// <summary>Zero when the header is well formed and its window fits; otherwise libzstd's error code for it.</summary>
    public static int Check(ReadOnlySpan<byte> frame, int windowLogMax)
    {
        if (frame.Length < 6)
        {
            return LibZstd.ErrorSourceSizeWrong;
        }

        // Skippable frames have another magic number: they yield no bytes and are therefore never a chunk.
        if (BinaryPrimitives.ReadUInt32LittleEndian(frame) != Magic)
        {
            return LibZstd.ErrorPrefixUnknown;
        }

        int descriptor = frame[4];
        bool isSingleSegment = (descriptor & 0x20) != 0;
        if (isSingleSegment)
        {
            // The content is its own window; the destination bounds it.
            return 0;
        }

        int exponent = frame[5] >> 3;
        int mantissa = frame[5] & 7;
        ulong windowBase = 1UL << (10 + exponent);
        ulong window = windowBase + (windowBase / 8 * (ulong)mantissa);
        return window <= 1UL << windowLogMax ? 0 : LibZstd.ErrorWindowTooLarge;
    }
}
