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

    // One piece, so that pages that are never used never take memory.
    private readonly byte[] _pages = new byte[PageSize * (int)Math.Min(MaxPages, ((image.Length - 1) / PageSize) + 1)];

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
            page[..count].CopyTo(destination);
            destination = destination[count..];
            offset += count;
        }
    }

    private ReadOnlySpan<byte> PageAt(long number)
    {
        if (_byNumber.TryGetValue(number, out LinkedListNode<Page>? node))
        {
            _byUse.Remove(node);
        }
        else
        {
            long left = Length - (number * PageSize);
            if (left <= 0)
            {
                throw new EndOfStreamException($"the image ends at {Length}");
            }

            node = _byUse.Count * PageSize < _pages.Length ? new LinkedListNode<Page>(new Page(_byUse.Count * PageSize)) : Evict();
            (node.Value.Number, node.Value.Length) = (number, (int)Math.Min(left, PageSize));
            image.Read(number * PageSize, _pages.AsSpan(node.Value.Start, node.Value.Length));
            BytesRead += node.Value.Length;
            _byNumber.Add(number, node);
        }

        _byUse.AddFirst(node);
        return _pages.AsSpan(node.Value.Start, node.Value.Length);
    }

    // The caller reads into it before it is listed again: a page that could not be read is in no list.
    private LinkedListNode<Page> Evict()
    {
        LinkedListNode<Page> oldest = _byUse.Last!;
        _byUse.RemoveLast();
        _byNumber.Remove(oldest.Value.Number);
        return oldest;
    }

    private sealed class Page(int start)
    {
        public int Start { get; } = start;

        public long Number { get; set; }

        public int Length { get; set; }
    }
}
