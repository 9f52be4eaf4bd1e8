using System.Formats.Cbor;
using System.Globalization;

namespace Fota.Manifest.Tests.Vectors;

/// <summary>
/// Edits encoded CBOR at a place that a path names: map keys and array positions, separated by '/'. Byte strings that hold CBOR are opened and closed
/// again on the way, tags are passed. Everything that is not edited keeps its bytes.
/// </summary>
internal static class CborEdit
{
    /// <summary>The item at <paramref name="path"/>, encoded.</summary>
    public static byte[] Get(byte[] item, string path)
    {
        byte[] found = [];
        _ = At(item, path, old =>
        {
            found = old;
            return old;
        });
        return found;
    }

    public static byte[] Set(byte[] item, string path, byte[] value) => At(item, path, _ => value);

    public static byte[] Set(byte[] item, string path, Action<CborWriter> write) => Set(item, path, Encode(write));

    public static byte[] Remove(byte[] item, string path) => At(item, path, static _ => null);

    /// <summary>Adds a pair to the map at <paramref name="path"/>, in the order of keys.</summary>
    public static byte[] Add(byte[] item, string path, int key, byte[] value) => At(item, path, at => Inside(at, map => WriteMap([.. ReadMap(map), (Encode(w => w.WriteInt32(key)), value)])));

    /// <summary>Puts an item behind the others of the array at <paramref name="path"/>.</summary>
    public static byte[] Append(byte[] item, string path, params byte[][] values) => At(item, path, at => Inside(at, array => WriteArray([.. ReadArray(array), .. values])));

    public static byte[] Encode(Action<CborWriter> write)
    {
        CborWriter writer = new();
        write(writer);
        return writer.Encode();
    }

    /// <summary>Replaces what <paramref name="path"/> names by what <paramref name="edit"/> makes of it; null removes it.</summary>
    public static byte[] At(byte[] item, string path, Func<byte[], byte[]?> edit) =>
        Descend(item, path.Split('/', StringSplitOptions.RemoveEmptyEntries), edit) ?? throw new ArgumentException("The root cannot be removed.", nameof(edit));

    // Of a byte string its content, of anything else itself.
    private static byte[] Inside(byte[] item, Func<byte[], byte[]> edit) => new CborReader(item).PeekState() == CborReaderState.ByteString
        ? Encode(w => w.WriteByteString(edit(new CborReader(item).ReadByteString())))
        : edit(item);

    private static byte[]? Descend(byte[] item, ReadOnlySpan<string> path, Func<byte[], byte[]?> edit)
    {
        CborReaderState kind = new CborReader(item).PeekState();
        if (path.IsEmpty && kind is not CborReaderState.Tag)
        {
            return edit(item);
        }

        string[] whole = path.ToArray();
        switch (kind)
        {
            case CborReaderState.Tag:
                CborReader tagged = new(item);
                CborTag tag = tagged.ReadTag();
                byte[] content = Descend(tagged.ReadEncodedValue().ToArray(), whole, edit)!;
                return Encode(w =>
                {
                    w.WriteTag(tag);
                    w.WriteEncodedValue(content);
                });
            case CborReaderState.ByteString:
                byte[] inner = Descend(new CborReader(item).ReadByteString(), whole, edit)!;
                return Encode(w => w.WriteByteString(inner));
            case CborReaderState.StartMap:
                byte[] key = Encode(w => w.WriteInt32(int.Parse(whole[0], CultureInfo.InvariantCulture)));
                List<(byte[] Key, byte[] Value)> pairs = [];
                foreach ((byte[] name, byte[] value) in ReadMap(item))
                {
                    if ((name.AsSpan().SequenceEqual(key) ? Descend(value, whole.AsSpan(1), edit) : value) is { } kept)
                    {
                        pairs.Add((name, kept));
                    }
                }

                return WriteMap(pairs);
            default:
                int index = int.Parse(whole[0], CultureInfo.InvariantCulture);
                return WriteArray([.. ReadArray(item).Select((value, i) => i == index ? Descend(value, whole.AsSpan(1), edit) : value).OfType<byte[]>()]);
        }
    }

    private static List<(byte[] Key, byte[] Value)> ReadMap(byte[] item)
    {
        CborReader reader = new(item);
        List<(byte[] Key, byte[] Value)> pairs = [];
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            pairs.Add((reader.ReadEncodedValue().ToArray(), reader.ReadEncodedValue().ToArray()));
        }

        return pairs;
    }

    private static List<byte[]> ReadArray(byte[] item)
    {
        CborReader reader = new(item);
        List<byte[]> items = [];
        reader.ReadStartArray();
        while (reader.PeekState() != CborReaderState.EndArray)
        {
            items.Add(reader.ReadEncodedValue().ToArray());
        }

        return items;
    }

    private static byte[] WriteMap(List<(byte[] Key, byte[] Value)> pairs) => Encode(w =>
    {
        pairs.Sort(static (x, y) => x.Key.AsSpan().SequenceCompareTo(y.Key));
        w.WriteStartMap(pairs.Count);
        foreach ((byte[] key, byte[]? value) in pairs)
        {
            w.WriteEncodedValue(key);
            w.WriteEncodedValue(value);
        }

        w.WriteEndMap();
    });

    private static byte[] WriteArray(List<byte[]> items) => Encode(w =>
    {
        w.WriteStartArray(items.Count);
        items.ForEach(item => w.WriteEncodedValue(item));
        w.WriteEndArray();
    });
}
