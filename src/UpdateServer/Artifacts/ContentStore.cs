using Fota.Manifest;

namespace Fota.UpdateServer.Artifacts;

/// <summary>What the server keeps of content: the blobs, wherever these are, and on this machine's disk an area in which content is examined before it becomes one.</summary>
internal sealed class ContentStore
{
    private readonly IBlobStore _blobs;
    private readonly string _staging;
    private readonly ServerSeams _seams;

    /// <summary>Blobs as files in <paramref name="directory"/>.</summary>
    /// <param name="directory">May be shared with other servers.</param>
    /// <param name="seams">The tests'.</param>
    /// <param name="staging">This server's own part of it: beside the content, as what is proven is moved there and not copied.</param>
    public ContentStore(string directory, ServerSeams seams, string staging = "staging")
        : this(new FileBlobs(directory, seams), directory, seams, staging)
    {
    }

    /// <summary>Takes <paramref name="blobs"/>, and removes what an interrupted upload left in the staging area.</summary>
    public ContentStore(IBlobStore blobs, string directory, ServerSeams seams, string staging = "staging")
    {
        _blobs = blobs;
        _seams = seams;
        _staging = Path.Combine(directory, staging);
        if (Directory.Exists(_staging))
        {
            Directory.Delete(_staging, recursive: true);
        }

        Directory.CreateDirectory(_staging);
        _seams.FlushDirectory(directory);
    }

    /// <summary>Bytes that there is room for in staging areas.</summary>
    public long FreeSpace => _seams.FreeSpace(_staging);

    /// <inheritdoc cref="IBlobStore.Has"/>
    public bool Has(Sha256Digest digest) => _blobs.Has(digest);

    /// <inheritdoc cref="IBlobStore.OpenAsync"/>
    public ValueTask<Stream?> OpenAsync(Sha256Digest digest, WantedRange wanted, CancellationToken cancellation) => _blobs.OpenAsync(digest, wanted, cancellation);

    /// <summary>Opens content that has to be here.</summary>
    /// <exception cref="FileNotFoundException">It is not.</exception>
    /// <exception cref="Storage.StoreUnavailableException">The store is away.</exception>
    public Stream Open(Sha256Digest digest) => _blobs.Open(digest) ?? throw new FileNotFoundException($"content {digest}: wanted, got none");

    /// <summary>The bytes of content that has to be here, and fits into memory.</summary>
    /// <exception cref="IOException">It is not here, or is not what its name says: what lies there is trusted for nothing (A02, A31).</exception>
    /// <exception cref="Storage.StoreUnavailableException">The store is away.</exception>
    public byte[] Read(Sha256Digest digest)
    {
        using Stream content = Open(digest);
        byte[] bytes = new byte[content.Length];
        content.ReadExactly(bytes);
        return Sha256Digest.Of(bytes) == digest ? bytes : throw new IOException($"content {digest}: the stored bytes do not have the digest of their name");
    }

    /// <summary>A new area for one upload; disposing of it removes what was not taken over.</summary>
    public StagingArea Stage() => new(Directory.CreateDirectory(Path.Combine(_staging, Path.GetRandomFileName())).FullName);

    /// <inheritdoc cref="IBlobStore.Add"/>
    public void Add(StagedContent staged) => _blobs.Add(staged);

    /// <inheritdoc cref="IBlobStore.Flush"/>
    public void Flush(IEnumerable<Sha256Digest> added) => _blobs.Flush(added);

    /// <inheritdoc cref="IBlobStore.Remove"/>
    public void Remove(Sha256Digest digest) => _blobs.Remove(digest);
}
