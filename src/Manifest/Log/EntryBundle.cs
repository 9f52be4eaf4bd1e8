using System.Buffers.Binary;

namespace Fota.Manifest.Log;

/// <summary>The entries of a log in their bundles (C2SP tlog-tiles): each behind its length, 16 bits, big-endian.</summary>
public static class EntryBundle
{
    /// <summary>Reads the entries.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="width">How many there have to be.</param>
    /// <exception cref="RejectedException">There are fewer or more, or one is cut short.</exception>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Decode(ReadOnlyMemory<byte> bytes, int width)
    {
        List<ReadOnlyMemory<byte>> entries = new(width);
        while (entries.Count < width)
        {
            if (bytes.Length < sizeof(ushort))
            {
                throw new RejectedException(RejectionReason.Malformed, $"entry bundle: wanted {width} entries, got {entries.Count}");
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(bytes.Span);
            bytes = bytes[sizeof(ushort)..];
            if (length > bytes.Length)
            {
                throw new RejectedException(RejectionReason.Malformed, $"entry bundle: wanted {length} bytes of entry {entries.Count}, got {bytes.Length}");
            }

            entries.Add(bytes[..length]);
            bytes = bytes[length..];
        }

        return bytes.IsEmpty ? entries : throw new RejectedException(RejectionReason.TrailingData, $"entry bundle: wanted {width} entries, got {bytes.Length} bytes after them");
    }

    /// <summary>Writes entries.</summary>
    /// <exception cref="ArgumentException">One is longer than a bundle can say.</exception>
    public static byte[] Encode(IReadOnlyList<ReadOnlyMemory<byte>> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        byte[] bundle = new byte[entries.Sum(static entry => sizeof(ushort) + entry.Length)];
        Span<byte> left = bundle;
        foreach (ReadOnlyMemory<byte> entry in entries)
        {
            if (entry.Length > LogLimits.EntryBytes)
            {
                throw new ArgumentException($"an entry: wanted at most {LogLimits.EntryBytes} bytes, got {entry.Length}", nameof(entries));
            }

            BinaryPrimitives.WriteUInt16BigEndian(left, (ushort)entry.Length);
            entry.Span.CopyTo(left[sizeof(ushort)..]);
            left = left[(sizeof(ushort) + entry.Length)..];
        }

        return bundle;
    }
}
