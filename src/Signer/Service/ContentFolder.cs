using System.Buffers;
using System.Security.Cryptography;
using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.Signer.Home;
using Fota.Signer.Requests;

namespace Fota.Signer.Service;

/// <summary>What was sent beside a request: each file has the digest that was announced, or is not there.</summary>
internal sealed class ContentFolder(HomeFolder home, RequestRecord record)
{
    private const int BufferBytes = 128 * 1024;

    private readonly string _folder = Path.Combine(home.Requests, record.Id);

    /// <summary>Where a file is.</summary>
    public string PathOf(RequestedFile file) => Path.Combine(_folder, file.Name);

    /// <summary>The files that are still to be sent.</summary>
    public IReadOnlyList<RequestedFile> Missing() => [.. record.Request.Contents.Where(file => !File.Exists(PathOf(file)))];

    /// <summary>Takes a file in. It is written beside its place and moved there when its digest is right; a second sending of it changes nothing.</summary>
    /// <exception cref="ServiceRefusalException">Other bytes than were announced, or more.</exception>
    public async Task TakeAsync(RequestedFile file, Stream body, CancellationToken cancellation)
    {
        DurableFile.CreateFolder(_folder);
        string temporary = Path.Combine(_folder, $".{file.Name}-{Path.GetRandomFileName()}");
        try
        {
            await WriteAsync(file, body, temporary, cancellation);
            File.Move(temporary, PathOf(file), overwrite: true);
            PosixFileSystem.Instance.FlushDirectory(_folder);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Removes all of it.</summary>
    public void Delete()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static async Task WriteAsync(RequestedFile file, Stream body, string path, CancellationToken cancellation)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await using FileStream written = File.Create(path);
            long length = 0;
            for (int read = await body.ReadAsync(buffer, cancellation); read > 0; read = await body.ReadAsync(buffer, cancellation))
            {
                length += read;
                if (length > file.Size)
                {
                    throw new ServiceRefusalException(ServiceRefusal.LimitExceeded, $"{file.Name}: wanted {file.Size} bytes, as was announced, got more");
                }

                hash.AppendData(buffer, 0, read);
                await written.WriteAsync(buffer.AsMemory(0, read), cancellation);
            }

            Sha256Digest got = Sha256Digest.FromBytes(hash.GetHashAndReset());
            if (length != file.Size || got != file.Digest)
            {
                throw new ServiceRefusalException(ServiceRefusal.DigestMismatch, $"{file.Name}: wanted {file.Size} bytes of digest {file.Digest}, as was announced, got {length} bytes of digest {got}");
            }

            written.Flush(flushToDisk: true);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
