using System.Globalization;
using System.Text;
using Fota.Manifest;

namespace Fota.UpdateServer.Releases;

/// <summary>
/// The one record of a pax extended header that moves the next header to another place: size. It is found as bytes, wherever it stands, so that no
/// two ways of reading records differ about it.
/// </summary>
internal static class PaxHeader
{
    /// <summary>What a header's own field of eleven octal digits can hold. Beyond it a size record is needed; up to it, it can only contradict.</summary>
    public const long LargestFieldSize = (1L << 33) - 1;

    /// <summary>The size that follows; null if the header's own field says it.</summary>
    /// <exception cref="RejectedException">There is more than one, or it is not needed, or not in its plain form.</exception>
    public static long? SizeRecordOf(ReadOnlySpan<byte> body)
    {
        int at = body.IndexOf("size="u8);
        if (at < 0)
        {
            return null;
        }

        ReadOnlySpan<byte> value = body[(at + "size=".Length)..];
        int length = value.IndexOf((byte)'\n');
        if (length < 0
            || value.IndexOf("size="u8) >= 0
            || !long.TryParse(value[..length], NumberStyles.None, CultureInfo.InvariantCulture, out long size)
            || size <= LargestFieldSize
            || !IsRecord(body[(body[..at].LastIndexOf((byte)'\n') + 1)..(at + "size=".Length + length + 1)], size))
        {
            throw new RejectedException(RejectionReason.Unsupported, $"publication: wanted a pax size only of files above {LargestFieldSize} bytes, and plainly, got another");
        }

        return size;
    }

    private static bool IsRecord(ReadOnlySpan<byte> line, long size) => Encoding.Latin1.GetString(line) == string.Create(CultureInfo.InvariantCulture, $"{line.Length} size={size}\n");
}
