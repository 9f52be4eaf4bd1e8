namespace Fota.Manifest.Packs;

/// <summary>
/// A bounded cache before an image: the prefixes of neighbouring chunks are gathered from nearly the same places, and flash is slow. The page that was
/// used longest ago makes room. For one thread.
/// </summary>
internal sealed class CachedImage(IRandomAccessImage image) : IRandomAccessImage
{
    /// <summary>Length of a page in bytes.</summary>
    public const int PageSize = 16 * 1024;

    private const int MaxPages = 192;

    private readonly Dictionary<long, LinkedListNode<Page>> _byNumber = new(MaxPages);
    private readonly LinkedList<Page> _byUse = new();

    /// <inheritdoc/>
    public long Length => image.Length;

    /// <summary>Bytes that were read from the image so far.</summary>
    public long BytesRead { get; private set; }

    /// <inheritdoc/>
    public void Read(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            (long number, long within) = Math.DivRem(offset, PageSize);
            ReadOnlySpan<byte> page = PageAt(number)[(int)within..];
            int count = Math.Min(page.Length, destination.Length);
            if (count == 0)
            {
                throw new EndOfStreamException($"the image ends at {Length}");
            }

            page[..count].CopyTo(destination);
            destination = destination[count..];
            offset += count;
        }
    }

    private Span<byte> PageAt(long number)
    {
        if (_byNumber.TryGetValue(number, out LinkedListNode<Page>? node))
        {
            _byUse.Remove(node);
        }
        else
        {
            node = _byUse.Count < MaxPages ? new LinkedListNode<Page>(new Page()) : Evict();
            int length = (int)Math.Clamp(Length - (number * PageSize), 0, PageSize);
            image.Read(number * PageSize, node.Value.Bytes.AsSpan(0, length));
            BytesRead += length;
            (node.Value.Number, node.Value.Length) = (number, length);
            _byNumber.Add(number, node);
        }

        _byUse.AddFirst(node);
        return node.Value.Bytes.AsSpan(0, node.Value.Length);
    }

    // Forgotten before it is filled anew: a page that could not be read is in no list.
    private LinkedListNode<Page> Evict()
    {
        LinkedListNode<Page> oldest = _byUse.Last!;
        _byUse.RemoveLast();
        _byNumber.Remove(oldest.Value.Number);
        return oldest;
    }

    private sealed class Page
    {
        public byte[] Bytes { get; } = new byte[PageSize];

        public long Number { get; set; }

        public int Length { get; set; }
    }
}
