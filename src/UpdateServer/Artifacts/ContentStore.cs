using System.Security.Cryptography;
using Fota.Manifest;

namespace Fota.UpdateServer.Artifacts;

/// <summary>
/// Files named by their SHA-256, written once and never changed; removed are delta packs alone. What lies here is not thereby published: only the published index makes
/// content visible. Trusted for nothing: who tampers with it stops updates, since devices prove every byte.
/// </summary>
internal sealed class ContentStore
{
    private readonly string _content;
    private readonly string _staging;
    private readonly ServerSeams _seams;

    /// <summary>Opens the store in <paramref name="directory"/> and removes what an interrupted upload left in its staging area.</summary>
    /// <param name="directory">May be shared with other servers.</param>
    /// <param name="seams">The tests'.</param>
    /// <param name="staging">This server's own part of it: beside the content, as what is proven is moved there and not copied.</param>
    public ContentStore(string directory, ServerSeams seams, string staging = "staging")
    {
        _seams = seams;
        _content = Directory.CreateDirectory(Path.Combine(directory, "content")).FullName;
        _staging = Path.Combine(directory, staging);
        if (Directory.Exists(_staging))
        {
            Directory.Delete(_staging, recursive: true);
        }

        Directory.CreateDirectory(_staging);
        _seams.FlushDirectory(directory);
    }

    /// <summary>Where the content with this digest is, if it is here.</summary>
    public string PathOf(Sha256Digest digest)
    {
        string name = digest.ToString();
        return Path.Combine(_content, name[..2], name);
    }

    /// <summary>Whether the content with this digest is here.</summary>
    public bool Has(Sha256Digest digest) => File.Exists(PathOf(digest));

    /// <summary>Opens the content with this digest; null when it is not here. Who reads it reads on when it is removed.</summary>
    public FileStream? Open(Sha256Digest digest)
    {
        try
        {
            return new FileStream(PathOf(digest), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Bytes that there is room for, here and in staging areas.</summary>
    public long FreeSpace => _seams.FreeSpace(_content);

    /// <summary>A new area for one upload; disposing of it removes what was not taken over.</summary>
    public StagingArea Stage() => new(Directory.CreateDirectory(Path.Combine(_staging, Path.GetRandomFileName())).FullName);

    /// <summary>Takes over a staged file, whose bytes are on the disk already. Durable once <see cref="Flush"/> was called.</summary>
    public void Add(StagedContent staged)
    {
        string path = PathOf(staged.Digest);
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Move(staged.File, path, overwrite: true); // another server may add the same bytes meanwhile
        }
    }

    /// <summary>Removes content that nothing refers to, nor will; whoever reads it reads on.</summary>
    public void Remove(Sha256Digest digest)
    {
        string path = PathOf(digest);
        if (File.Exists(path))
        {
            File.Delete(path);
            _seams.FlushDirectory(Path.GetDirectoryName(path)!);
        }
    }

    /// <summary>Makes the names of <paramref name="added"/> durable: the last thing before a transaction may refer to them.</summary>
    public void Flush(IEnumerable<Sha256Digest> added)
    {
        foreach (string directory in added.Select(d => Path.GetDirectoryName(PathOf(d))!).Distinct(StringComparer.Ordinal))
        {
            _seams.FlushDirectory(directory);
        }

        _seams.FlushDirectory(_content);
    }
}

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
