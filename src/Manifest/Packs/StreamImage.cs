namespace Fota.Manifest.Packs;

/// <summary>The first bytes of a seekable stream, as an image.</summary>
/// <param name="stream">Where it lies; it stays the caller's, and nobody else may move it meanwhile.</param>
/// <param name="length">Length of the image, which may be shorter than the stream: a slot is as long as its partition.</param>
public sealed class StreamImage(Stream stream, long length) : IRandomAccessImage
{
    private readonly Lock _gate = new();

    /// <inheritdoc/>
    public long Length => length;

    /// <inheritdoc/>
    public void Read(long offset, Span<byte> destination)
    {
        lock (_gate)
        {
            stream.Position = offset;
            stream.ReadExactly(destination);
        }
    }
}
