using System.Security.Cryptography;
using Fota.Manifest;

namespace Fota.UpdateServer.Artifacts;

/// <summary>Bytes that were received and hashed, and are believed by nobody.</summary>
/// <param name="File">Where they are.</param>
/// <param name="Length">How many.</param>
/// <param name="Digest">Their digest, made while they were written.</param>
internal sealed record StagedContent(string File, long Length, Sha256Digest Digest);

/// <summary>Holds one upload while it is examined.</summary>
internal sealed class StagingArea(string directory) : IDisposable
{
    private const int BufferSize = 128 * 1024;

    private int _files;

    /// <summary>Writes exactly <paramref name="length"/> bytes of <paramref name="source"/>, hashes them on the way, and flushes them to the disk.</summary>
    /// <exception cref="RejectedException">The source ends before.</exception>
    public async Task<StagedContent> WriteAsync(Stream source, long length, string name, CancellationToken cancellation)
    {
        string file = Path.Combine(directory, (_files++).ToString());
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[BufferSize];
        await using FileStream output = new(file, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (long left = length; left > 0;)
        {
            int read = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancellation);
            if (read == 0)
            {
                throw new RejectedException(RejectionReason.Malformed, $"{name}: wanted {length} bytes, got {length - left}");
            }

            hash.AppendData(buffer, 0, read);
            await output.WriteAsync(buffer.AsMemory(0, read), cancellation);
            left -= read;
        }

        output.Flush(flushToDisk: true);
        return new StagedContent(file, length, Sha256Digest.FromBytes(hash.GetHashAndReset()));
    }

    /// <summary>A new file in this area, which can be read and written at any place.</summary>
    public FileStream Create() => new(Path.Combine(directory, (_files++).ToString()), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, BufferSize);

    /// <summary>Flushes a file that was made here to the disk, and hashes it.</summary>
    public static StagedContent Seal(FileStream file)
    {
        file.Flush(flushToDisk: true);
        file.Position = 0;
        return new StagedContent(file.Name, file.Length, Sha256Digest.Of(file));
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);
}
