using System.Buffers.Binary;

namespace Fota.Manifest.Encoding;

/// <summary>
/// Checks that bytes are one CBOR item in the core deterministic encoding (RFC 8949 section 4.2.1): shortest heads, definite lengths, map
/// keys in ascending order of their bytes, none twice; and, as our formats need none of them, no floats and no undefined. The framework's
/// conformance modes each miss a part of this (Canonical sorts otherwise, Ctap2 refuses tags), so the rule is checked over the bytes.
/// </summary>
internal static class DeterministicCbor
{
    /// <summary>Refuses with <see cref="RejectionReason.NotDeterministic"/>, <see cref="RejectionReason.Malformed"/>, TrailingData or LimitExceeded.</summary>
    public static void Require(ReadOnlySpan<byte> bytes, string what)
    {
        int end = Skip(bytes, 0, 0, what);
        if (end != bytes.Length)
        {
            throw new RejectedException(RejectionReason.TrailingData, $"{what}: wanted one item, got {bytes.Length - end} bytes after it");
        }
    }

    private static int Skip(ReadOnlySpan<byte> bytes, int at, int depth, string what)
    {
        if (depth > DecodeLimits.Depth)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"{what}: nested deeper than {DecodeLimits.Depth}");
        }

        (int major, ulong argument, int next) = ReadHead(bytes, at, what);
        switch (major)
        {
            case 0 or 1:
                return next;
            case 2 or 3:
                return argument <= (ulong)(bytes.Length - next) ? next + (int)argument : throw Malformed(what, "a string runs past the end");
            case 4:
                return SkipItems(bytes, next, argument, depth, what);
            case 5:
                return SkipPairs(bytes, next, argument, depth, what);
            case 6:
                return Skip(bytes, next, depth + 1, what);
            default:
                // Simple values: false, true, null. All else of major type 7 is floats, undefined, or unassigned.
                return argument is 20 or 21 or 22 && next == at + 1 ? next : throw NotDeterministic(what, "a float, or a simple value other than false, true, null");
        }
    }

    private static int SkipItems(ReadOnlySpan<byte> bytes, int at, ulong count, int depth, string what)
    {
        LimitCount(count, what);
        for (ulong i = 0; i < count; i++)
        {
            at = Skip(bytes, at, depth + 1, what);
        }

        return at;
    }

    private static int SkipPairs(ReadOnlySpan<byte> bytes, int at, ulong count, int depth, string what)
    {
        LimitCount(count, what);
        ReadOnlySpan<byte> previous = default;
        for (ulong i = 0; i < count; i++)
        {
            int valueAt = Skip(bytes, at, depth + 1, what);
            ReadOnlySpan<byte> key = bytes[at..valueAt];
            int order = previous.SequenceCompareTo(key);
            if (i > 0 && order >= 0)
            {
                throw order == 0
                    ? new RejectedException(RejectionReason.DuplicateField, $"{what}: a map key stands twice")
                    : NotDeterministic(what, "map keys out of order");
            }

            previous = key;
            at = Skip(bytes, valueAt, depth + 1, what);
        }

        return at;
    }

    private static (int Major, ulong Argument, int Next) ReadHead(ReadOnlySpan<byte> bytes, int at, string what)
    {
        if (at >= bytes.Length)
        {
            throw Malformed(what, "it ends in the middle of an item");
        }

        int major = bytes[at] >> 5, low = bytes[at] & 0x1F;
        if (low < 24)
        {
            return (major, (ulong)low, at + 1);
        }

        if (low > 27)
        {
            throw low == 31 ? NotDeterministic(what, "an indefinite length") : Malformed(what, "a reserved head");
        }

        int size = 1 << (low - 24);
        if (size > bytes.Length - at - 1)
        {
            throw Malformed(what, "it ends in the middle of a head");
        }

        ReadOnlySpan<byte> tail = bytes.Slice(at + 1, size);
        (ulong value, ulong smallest) = size switch
        {
            1 => (tail[0], 24UL),
            2 => (BinaryPrimitives.ReadUInt16BigEndian(tail), byte.MaxValue + 1UL),
            4 => (BinaryPrimitives.ReadUInt32BigEndian(tail), ushort.MaxValue + 1UL),
            _ => (BinaryPrimitives.ReadUInt64BigEndian(tail), uint.MaxValue + 1UL),
        };
        if (major == 7)
        {
            throw NotDeterministic(what, "a float, or a simple value other than false, true, null");
        }

        return value >= smallest ? (major, value, at + 1 + size) : throw NotDeterministic(what, "an integer or length in a longer form than needed");
    }

    private static void LimitCount(ulong count, string what)
    {
        if (count > DecodeLimits.Items)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"{what}: wanted at most {DecodeLimits.Items} items, got {count}");
        }
    }

    private static RejectedException Malformed(string what, string why) => new(RejectionReason.Malformed, $"{what}: {why}");

    private static RejectedException NotDeterministic(string what, string why) => new(RejectionReason.NotDeterministic, $"{what}: wanted deterministic CBOR (RFC 8949 section 4.2.1), got {why}");
}
