using System.Formats.Cbor;

namespace Fota.Manifest.Encoding;

/// <summary>
/// The one door through which CBOR comes in. <see cref="CborReader"/> answers hostile bytes with three unrelated exceptions and does not
/// mind what follows the root item; here both become typed refusals.
/// </summary>
internal static class CborDoor
{
    /// <summary>Decodes one whole, well-formed item (duplicate keys refused, any key order and length encoding taken).</summary>
    /// <param name="bytes">The document; what <paramref name="decode"/> keeps must be slices of it or copies.</param>
    /// <param name="what">The document's name, for the refusal.</param>
    /// <param name="decode">Reads exactly one item.</param>
    public static T Decode<T>(ReadOnlyMemory<byte> bytes, string what, Func<CborReader, T> decode)
    {
        CborBounds.Require(bytes.Span, what);
        CborReader reader = new(bytes, CborConformanceMode.Strict, allowMultipleRootLevelValues: false);
        T value;
        try
        {
            value = decode(reader);
        }
        catch (CborContentException e)
        {
            throw new RejectedException(RejectionReason.Malformed, $"{what}: not well-formed CBOR ({e.Message})");
        }
        catch (InvalidOperationException e)
        {
            throw new RejectedException(RejectionReason.WrongType, $"{what}: an item of another type than its place demands ({e.Message})");
        }
        catch (OverflowException)
        {
            throw new RejectedException(RejectionReason.ValueOutOfRange, $"{what}: an integer outside its range");
        }

        return reader.BytesRemaining == 0
            ? value
            : throw new RejectedException(RejectionReason.TrailingData, $"{what}: wanted one item, got {reader.BytesRemaining} bytes after it");
    }

    /// <summary>Reads a map with integer keys, calling <paramref name="field"/> for each; the field reads exactly the value.</summary>
    public static void ReadMap(this CborReader reader, string what, Action<long> field)
    {
        reader.ReadStartMap();
        int count = 0;
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            count = Counted(count, what);
            field(reader.ReadInt64());
        }

        reader.ReadEndMap();
    }

    /// <summary>Reads an array, calling <paramref name="item"/> with each index; the callback reads exactly one item.</summary>
    public static void ReadArray(this CborReader reader, string what, int limit, Action<int> item)
    {
        reader.ReadStartArray();
        int count = 0;
        while (reader.PeekState() != CborReaderState.EndArray)
        {
            if (count >= limit)
            {
                throw new RejectedException(RejectionReason.LimitExceeded, $"{what}: wanted at most {limit} items");
            }

            item(count++);
        }

        reader.ReadEndArray();
    }

    /// <summary>Reads a byte string of exactly <paramref name="length"/> bytes.</summary>
    public static byte[] ReadFixed(this CborReader reader, string what, int length)
    {
        byte[] value = reader.ReadByteString();
        return value.Length == length
            ? value
            : throw new RejectedException(RejectionReason.ValueOutOfRange, $"{what}: wanted {length} bytes, got {value.Length}");
    }

    /// <summary>Gives <paramref name="value"/>, or refuses because the field was not there.</summary>
    public static T Require<T>(T? value, string what)
        where T : class =>
        value ?? throw new RejectedException(RejectionReason.MissingField, $"{what} is missing");

    /// <inheritdoc cref="Require{T}(T?, string)"/>
    public static T Require<T>(T? value, string what)
        where T : struct =>
        value ?? throw new RejectedException(RejectionReason.MissingField, $"{what} is missing");

    /// <summary>One more than <paramref name="count"/> pairs of a map, unless they get too many.</summary>
    public static int Counted(int count, string what) => count < DecodeLimits.Items
        ? count + 1
        : throw new RejectedException(RejectionReason.LimitExceeded, $"{what}: wanted at most {DecodeLimits.Items} pairs");
}
