using System.Runtime.InteropServices;
using Fota.Manifest;

namespace Fota.UpdateServer.Artifacts;

/// <summary>
/// Content named by its SHA-256, written once and never changed; removed are delta packs alone. What lies here is not thereby published: only the published index makes
/// content visible. Trusted for nothing: who tampers with it stops updates, since devices prove every byte.
/// </summary>
internal interface IBlobStore
{
    /// <summary>Whether the content with this digest is here.</summary>
    /// <exception cref="Storage.StoreUnavailableException">The store is away.</exception>
    bool Has(Sha256Digest digest);

    /// <summary>Opens the content with this digest, to be read at any place; null when it is not here. Who reads it reads on when it is removed, or gets an error, never other bytes.</summary>
    /// <exception cref="Storage.StoreUnavailableException">The store is away; so may reading say, if it goes away meanwhile.</exception>
    Stream? Open(Sha256Digest digest);

    /// <inheritdoc cref="Open"/>
    /// <param name="digest">Which content.</param>
    /// <param name="wanted">What will be read of it first: what comes over a network is asked for by this.</param>
    /// <param name="cancellation">Ends it.</param>
    ValueTask<Stream?> OpenAsync(Sha256Digest digest, WantedRange wanted, CancellationToken cancellation);

    /// <summary>
    /// Takes over staged content, whose bytes are on the disk already; what is here under its name stays as it is. It is visible only as a whole, and only if it has the digest. Durable
    /// once <see cref="Flush"/> was called.
    /// </summary>
    /// <exception cref="IOException">The staged bytes are not those that were hashed; nothing is visible.</exception>
    /// <exception cref="Storage.StoreUnavailableException">The store is away.</exception>
    void Add(StagedContent staged);

    /// <summary>Makes <paramref name="added"/> durable: the last thing before a transaction may refer to them.</summary>
    void Flush(IEnumerable<Sha256Digest> added);

    /// <summary>Removes content that nothing refers to, nor will.</summary>
    /// <exception cref="Storage.StoreUnavailableException">The store is away.</exception>
    void Remove(Sha256Digest digest);
}

/// <summary>What somebody will read of a content.</summary>
/// <param name="First">Offset of its first byte.</param>
/// <param name="Count">How many bytes from there; null for the rest.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct WantedRange(long First, long? Count)
{
    /// <summary>Everything.</summary>
    public static WantedRange Whole { get; } = new(0, null);
}
