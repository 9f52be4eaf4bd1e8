using System.Formats.Cbor;

namespace Fota.Manifest.Suit;

/// <summary>Writes CBOR in the core deterministic encoding, whatever order the fields come in.</summary>
internal static class SuitCbor
{
    public static byte[] Item(Action<CborWriter> write)
    {
        CborWriter writer = new(CborConformanceMode.Lax);
        write(writer);
        return writer.Encode();
    }

    /// <summary>RFC 8949 section 4.2.1: keys in ascending order of their encoded bytes.</summary>
    public static void WriteMap(this CborWriter writer, IEnumerable<(Action<CborWriter> Key, Action<CborWriter> Value)> pairs)
    {
        List<(byte[] Key, Action<CborWriter> Value)> sorted = [.. pairs.Select(static pair => (Item(pair.Key), pair.Value))];
        sorted.Sort(static (a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key));
        writer.WriteStartMap(sorted.Count);
        foreach ((byte[] key, Action<CborWriter> value) in sorted)
        {
            writer.WriteEncodedValue(key);
            value(writer);
        }

        writer.WriteEndMap();
    }

    /// <summary>As above for integer keys: from 0 upwards, then from -1 downwards.</summary>
    public static void WriteMap(this CborWriter writer, IEnumerable<(long Key, Action<CborWriter> Value)> pairs)
    {
        List<(long Key, Action<CborWriter> Value)> sorted = [.. pairs];
        sorted.Sort(static (a, b) => a.Key < 0 == b.Key < 0 ? Int128.Abs(a.Key).CompareTo(Int128.Abs(b.Key)) : a.Key < 0 ? 1 : -1);
        writer.WriteStartMap(sorted.Count);
        foreach ((long key, Action<CborWriter> value) in sorted)
        {
            writer.WriteInt64(key);
            value(writer);
        }

        writer.WriteEndMap();
    }

    public static void WriteArray<T>(this CborWriter writer, IReadOnlyCollection<T> items, Action<CborWriter, T> write)
    {
        writer.WriteStartArray(items.Count);
        foreach (T item in items)
        {
            write(writer, item);
        }

        writer.WriteEndArray();
    }
}
