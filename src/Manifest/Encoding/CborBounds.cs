using System.Buffers.Binary;

namespace Fota.Manifest.Encoding;

/// <summary>
/// One pass over encoded CBOR, in memory that does not grow, before a reader takes anything apart: depth and counts within <see cref="DecodeLimits"/>. The
/// framework's reader keeps a frame for each level and searches them, which a document of a hundred thousand levels turns into seconds (A22). What is
/// not well formed is left to the reader.
/// </summary>
internal static class CborBounds
{
    private const byte Break = 0xff;

    // An indefinite length counts downwards from here: its items are limited as well.
    private const long Indefinite = -1;

    /// <exception cref="RejectedException">Deeper or with more items than the limits allow.</exception>
    public static void Require(ReadOnlySpan<byte> bytes, string what)
    {
        // How many items are still to come on each level.
        Span<long> left = stackalloc long[DecodeLimits.Depth + 2];
        int depth = 0, at = 0;
        left[0] = 1;
        while (at < bytes.Length)
        {
            if (bytes[at] == Break)
            {
                if (depth == 0 || left[depth] >= 0)
                {
                    return;
                }

                at++;
                depth--;
            }
            else
            {
                if (left[depth]-- < Indefinite - (2 * DecodeLimits.Items))
                {
                    throw TooMany(what);
                }

                if (!TryReadHead(bytes, ref at, out int major, out long argument) || !Enter(major, argument, bytes.Length, ref at, what, out long items))
                {
                    return;
                }

                if (items != 0)
                {
                    left[++depth] = depth <= DecodeLimits.Depth ? items : throw new RejectedException(RejectionReason.LimitExceeded, $"{what}: wanted it nested at most {DecodeLimits.Depth} deep");
                }
            }

            while (depth > 0 && left[depth] == 0)
            {
                depth--;
            }

            if (depth == 0 && left[0] == 0)
            {
                return;
            }
        }
    }

    /// <summary>How many items an item holds, and past its content if that is text or bytes; false at what is not well formed.</summary>
    private static bool Enter(int major, long argument, int end, ref int at, string what, out long items)
    {
        items = 0;
        switch (major)
        {
            case 2 or 3 when argument >= 0:
                if (argument > end - at)
                {
                    return false;
                }

                at += (int)argument;
                return true;
            case 4 or 5 when argument > DecodeLimits.Items:
                throw TooMany(what);
            case 2 or 3 or 4 or 5:
                items = argument < 0 ? Indefinite : argument * (major == 5 ? 2 : 1);
                return true;
            case 6:
                items = 1;
                return true;
            default:
                return true;
        }
    }

    private static bool TryReadHead(ReadOnlySpan<byte> bytes, ref int at, out int major, out long argument)
    {
        major = bytes[at] >> 5;
        argument = bytes[at++] & 0x1f;
        if (argument < 24)
        {
            return true;
        }

        if (argument > 27)
        {
            bool isIndefinite = argument == 31 && major is >= 2 and <= 5;
            argument = Indefinite;
            return isIndefinite;
        }

        int size = 1 << ((int)argument - 24);
        if (size > bytes.Length - at)
        {
            return false;
        }

        ReadOnlySpan<byte> tail = bytes.Slice(at, size);
        at += size;
        ulong value = size switch
        {
            1 => tail[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(tail),
            4 => BinaryPrimitives.ReadUInt32BigEndian(tail),
            _ => BinaryPrimitives.ReadUInt64BigEndian(tail),
        };
        argument = (long)Math.Min(value, long.MaxValue / 2);
        return true;
    }

    private static RejectedException TooMany(string what) => new(RejectionReason.LimitExceeded, $"{what}: wanted at most {DecodeLimits.Items} items in one array or map");
}
