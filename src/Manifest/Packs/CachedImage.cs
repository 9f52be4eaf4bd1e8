namespace Fota.Manifest.Packs;

/// <summary>
/// A bounded cache before an image: the prefixes of neighbouring chunks are gathered from nearly the same places, and flash is slow. The page that was
/// used longest ago makes room. What may be read in all is bounded: a pack could name a byte of another page each time, and keep a device reading for days. For one thread.
/// </summary>
/// <param name="image">Where the image lies.</param>
/// <param name="budget">Most bytes that are read of it.</param>
internal sealed class CachedImage(IRandomAccessImage image, long budget) : IRandomAccessImage
{
    /// <summary>Length of a page in bytes.</summary>
    public const int PageSize = 16 * 1024;

    private const int MaxPages = 192;

    private readonly Dictionary<long, LinkedListNode<Page>> _byNumber = new(MaxPages);
    private readonly LinkedList<Page> _byUse = new();
    private LinkedListNode<Page>? _spare;
    private int _started;

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

            int length = (int)Math.Min(left, PageSize);
            if (length > budget - BytesRead)
            {
                throw new RejectedException(RejectionReason.LimitExceeded, $"delta pack: wanted at most {budget} bytes of the base to be read, got more");
            }

            node = _spare ??= Take();
            image.Read(number * PageSize, _pages.AsSpan(node.Value.Start, length));
            BytesRead += length;
            (node.Value.Number, node.Value.Length, _spare) = (number, length, null);
            _byNumber.Add(number, node);
        }

        _byUse.AddFirst(node);
        return _pages.AsSpan(node.Value.Start, node.Value.Length);
    }

    // A page that could not be read is in no list, and is the next one to be filled.
    private LinkedListNode<Page> Take()
    {
        if (_started * PageSize < _pages.Length)
        {
            return new LinkedListNode<Page>(new Page(_started++ * PageSize));
        }

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
