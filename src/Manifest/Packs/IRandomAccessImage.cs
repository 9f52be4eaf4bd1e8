namespace Fota.Manifest.Packs;

/// <summary>An image that can be read at any place: the base of a delta. Nothing in it is believed; what is made of it is proven.</summary>
public interface IRandomAccessImage
{
    /// <summary>Length in bytes.</summary>
    long Length { get; }

    /// <summary>Fills <paramref name="destination"/> from <paramref name="offset"/> on. Several threads may call it at once.</summary>
    /// <exception cref="IOException">It cannot be read, or ends before.</exception>
    void Read(long offset, Span<byte> destination);
}
