using Fota.Manifest;
using Microsoft.Extensions.Caching.Memory;

namespace Fota.UpdateServer.Artifacts;

/// <summary>
/// Keeps small content of a store that lies elsewhere in memory, proven: metadata, manifests and chunk tables, which every device asks for. While the store is away these are
/// served on. Nothing can be stale, as a name never has other bytes.
/// </summary>
internal sealed class CachedBlobs(IBlobStore blobs) : IBlobStore, IDisposable
{
    /// <summary>Longest content that is kept, in bytes.</summary>
    public const long LargestKept = 256 * 1024;

    private const long MostKept = 64 * 1024 * 1024;

    private readonly MemoryCache _kept = new(new MemoryCacheOptions { SizeLimit = MostKept });

    /// <inheritdoc/>
    public bool Has(Sha256Digest digest) => blobs.Has(digest);

    /// <inheritdoc/>
    public Stream? Open(Sha256Digest digest)
    {
        if (Find(digest) is { } kept)
        {
            return kept;
        }

        Stream? content = blobs.Open(digest);
        if (content is null or { Length: > LargestKept })
        {
            return content;
        }

        using (content)
        {
            byte[] bytes = new byte[content.Length];
            content.ReadExactly(bytes);
            return Keep(digest, bytes);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Stream?> OpenAsync(Sha256Digest digest, WantedRange wanted, CancellationToken cancellation)
    {
        if (Find(digest) is { } kept)
        {
            return kept;
        }

        Stream? content = await blobs.OpenAsync(digest, wanted, cancellation);
        if (content is null or { Length: > LargestKept })
        {
            return content;
        }

        await using (content)
        {
            byte[] bytes = new byte[content.Length];
            await content.ReadExactlyAsync(bytes, cancellation);
            return Keep(digest, bytes);
        }
    }

    /// <inheritdoc/>
    public void Add(StagedContent staged) => blobs.Add(staged);

    /// <inheritdoc/>
    public void Flush(IEnumerable<Sha256Digest> added) => blobs.Flush(added);

    /// <inheritdoc/>
    public void Remove(Sha256Digest digest)
    {
        blobs.Remove(digest);
        _kept.Remove(digest);
    }

    public void Dispose() => _kept.Dispose();

    private MemoryStream? Find(Sha256Digest digest) => _kept.TryGetValue(digest, out byte[]? bytes) ? new MemoryStream(bytes!, writable: false) : null;

    /// <summary>What is not what its name says is handed on, to somebody who will see that, and not kept.</summary>
    private MemoryStream Keep(Sha256Digest digest, byte[] bytes)
    {
        if (Sha256Digest.Of(bytes) == digest)
        {
            _kept.Set(digest, bytes, new MemoryCacheEntryOptions { Size = Math.Max(bytes.Length, 1) });
        }

        return new MemoryStream(bytes, writable: false);
    }
}
