using System.Runtime.InteropServices;
using System.Text;

namespace Fota.Interop.Cryptoki;

/// <summary>
/// A <c>CK_ATTRIBUTE</c> array and its values, all on the pinned heap: the addresses hold for as long as the template is reachable, so a
/// caller that passes <see cref="First"/> to a module keeps the template alive until the call is over.
/// </summary>
internal sealed unsafe class AttributeTemplate(int capacity)
{
    private readonly CK_ATTRIBUTE[] _attributes = GC.AllocateArray<CK_ATTRIBUTE>(capacity, pinned: true);
    private readonly byte[][] _values = new byte[capacity][];

    public nuint Count { get; private set; }

    public CK_ATTRIBUTE* First => (CK_ATTRIBUTE*)Marshal.UnsafeAddrOfPinnedArrayElement(_attributes, 0);

    public AttributeTemplate Add(nuint type, ReadOnlySpan<byte> value)
    {
        byte[] copy = GC.AllocateArray<byte>(value.Length, pinned: true);
        value.CopyTo(copy);
        int index = (int)Count;
        _values[index] = copy;
        _attributes[index] = new CK_ATTRIBUTE
        {
            Type = type,
            Value = (void*)Marshal.UnsafeAddrOfPinnedArrayElement(copy, 0),
            Length = (nuint)copy.Length,
        };
        Count++;
        return this;
    }

    public AttributeTemplate Add(nuint type, bool value) => Add(type, [value ? (byte)1 : (byte)0]);

    public AttributeTemplate Add(nuint type, string value) => Add(type, Encoding.UTF8.GetBytes(value));

    public AttributeTemplate Add(nuint type, nuint value) => Add(type, MemoryMarshal.AsBytes(new ReadOnlySpan<nuint>(in value)));
}
