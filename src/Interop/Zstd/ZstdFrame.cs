using System.Buffers.Binary;

namespace Fota.Interop.Zstd;

/// <summary>How a frame begins.</summary>
public enum ZstdFrameFormat
{
    /// <summary>With the magic number (RFC 8878 section 3.1.1).</summary>
    Standard = 0,

    /// <summary>Without it: four bytes less a frame, where what it is stands elsewhere (libzstd's ZSTD_f_zstd1_magicless).</summary>
    Magicless = 1,
}

/// <summary>
/// Walks a frame's header and blocks (RFC 8878 section 3.1.1) without decoding them. libzstd enforces its window limit in streaming decoding only, and its
/// one-shot decoder goes on to whatever follows the frame; a chunk has one frame, and a pack must be decodable by streaming decoders with the same limit.
/// </summary>
internal static class ZstdFrame
{
    private const uint Magic = 0xFD2FB528;
    private const int BlockHeaderLength = 3;
    private const int LargestBlock = 128 * 1024;

    /// <summary>Zero when the bytes are exactly one frame whose window fits; otherwise libzstd's error code, or the number of bytes that follow it.</summary>
    public static (int Error, int Trailing) Check(ReadOnlySpan<byte> frame, ZstdFrameFormat format, int windowLogMax)
    {
        int magic = format == ZstdFrameFormat.Standard ? 4 : 0;
        if (frame.Length < magic + 2)
        {
            return (LibZstd.ErrorSourceSizeWrong, 0);
        }

        // Skippable frames have another magic number: they yield no bytes and are therefore never a chunk.
        if (magic != 0 && BinaryPrimitives.ReadUInt32LittleEndian(frame) != Magic)
        {
            return (LibZstd.ErrorPrefixUnknown, 0);
        }

        byte descriptor = frame[magic];
        bool isSingleSegment = (descriptor & 0x20) != 0;

        // In a single segment the content is its own window; the destination bounds it.
        if (!isSingleSegment && Window(frame[magic + 1]) > 1UL << windowLogMax)
        {
            return (LibZstd.ErrorWindowTooLarge, 0);
        }

        int contentSizeLength = (descriptor >> 6) switch { 0 => isSingleSegment ? 1 : 0, 1 => 2, 2 => 4, _ => 8 };
        int dictionaryIdLength = (descriptor & 3) switch { 3 => 4, int length => length };
        int checksumLength = (descriptor & 4) != 0 ? 4 : 0;
        int at = magic + 1 + (isSingleSegment ? 0 : 1) + dictionaryIdLength + contentSizeLength;
        bool isLast;
        do
        {
            if (frame.Length - at < BlockHeaderLength)
            {
                return (LibZstd.ErrorSourceSizeWrong, 0);
            }

            int header = frame[at] | (frame[at + 1] << 8) | (frame[at + 2] << 16), type = (header >> 1) & 3, size = header >> 3;
            if (type == 3 || size > LargestBlock)
            {
                return (LibZstd.ErrorCorruption, 0);
            }

            isLast = (header & 1) != 0;
            at += BlockHeaderLength + (type == 1 ? 1 : size);
            if (at > frame.Length)
            {
                return (LibZstd.ErrorSourceSizeWrong, 0);
            }
        }
        while (!isLast);
        int trailing = frame.Length - at - checksumLength;
        return trailing < 0 ? (LibZstd.ErrorSourceSizeWrong, 0) : (0, trailing);
    }

    private static ulong Window(byte descriptor)
    {
        ulong windowBase = 1UL << (10 + (descriptor >> 3));
        return windowBase + (windowBase / 8 * (ulong)(descriptor & 7));
    }
}
