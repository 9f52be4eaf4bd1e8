using Fota.Manifest;
using Fota.Manifest.Packs;
using Microsoft.Win32.SafeHandles;

namespace Fota.Cli.Packs;

/// <summary>An image in a file, read at any place by any thread.</summary>
internal sealed class ImageFile : IRandomAccessImage, IDisposable
{
    private readonly SafeFileHandle _file;

    public ImageFile(FileInfo file)
    {
        _file = File.OpenHandle(file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read);
        Length = RandomAccess.GetLength(_file);
    }

    public long Length { get; }

    public void Read(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int read = RandomAccess.Read(_file, destination, offset);
            if (read == 0)
            {
                throw new EndOfStreamException($"the file ends at {Length}");
            }

            destination = destination[read..];
            offset += read;
        }
    }

    /// <summary>The image with its digest, and its table, from one pass.</summary>
    public static (ChunkTable Table, Sha256Digest Digest) Measure(FileInfo file, int chunkSize)
    {
        using FileStream stream = file.OpenRead();
        return ChunkTable.Build(stream, chunkSize);
    }

    public void Dispose() => _file.Dispose();
}
