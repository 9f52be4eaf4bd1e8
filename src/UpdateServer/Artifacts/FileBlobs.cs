using Fota.Manifest;

namespace Fota.UpdateServer.Artifacts;

/// <summary>Content as files, in a folder that may be shared with other servers.</summary>
internal sealed class FileBlobs : IBlobStore
{
    private readonly string _content;
    private readonly ServerSeams _seams;

    /// <summary>Opens the store in <paramref name="directory"/>, which has to be on the file system of the staging area: what is proven is moved and not copied.</summary>
    public FileBlobs(string directory, ServerSeams seams)
    {
        _seams = seams;
        _content = Directory.CreateDirectory(Path.Combine(directory, "content")).FullName;
        _seams.FlushDirectory(directory);
    }

    /// <summary>Where the content with this digest is, if it is here.</summary>
    public string PathOf(Sha256Digest digest)
    {
        string name = digest.ToString();
        return Path.Combine(_content, name[..2], name);
    }

    /// <inheritdoc/>
    public bool Has(Sha256Digest digest) => File.Exists(PathOf(digest));

    /// <inheritdoc/>
    public Stream? Open(Sha256Digest digest)
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

    /// <inheritdoc/>
    public ValueTask<Stream?> OpenAsync(Sha256Digest digest, WantedRange wanted, CancellationToken cancellation) => ValueTask.FromResult(Open(digest));

    /// <inheritdoc/>
    public void Add(StagedContent staged)
    {
        string path = PathOf(staged.Digest);
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Move(staged.File, path, overwrite: true); // another server may add the same bytes meanwhile
        }
    }

    /// <inheritdoc/>
    public void Flush(IEnumerable<Sha256Digest> added)
    {
        foreach (string directory in added.Select(d => Path.GetDirectoryName(PathOf(d))!).Distinct(StringComparer.Ordinal))
        {
            _seams.FlushDirectory(directory);
        }

        _seams.FlushDirectory(_content);
    }

    /// <inheritdoc/>
    public void Remove(Sha256Digest digest)
    {
        string path = PathOf(digest);
        if (File.Exists(path))
        {
            File.Delete(path);
            _seams.FlushDirectory(Path.GetDirectoryName(path)!);
        }
    }
}
