using System.Collections.Frozen;
using Fota.Manifest;
using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Releases;

/// <summary>
/// Takes publications, one at a time over all servers: receive, verify everything, make the content durable, and only then flip what is visible, in one transaction. A
/// crash at any point leaves the old publication in force, whole.
/// </summary>
internal sealed class Publisher(ContentStore content, IReleaseStore store, ReleaseCatalog catalog, byte[] trustedRoot, TimeProvider time, ServerSeams seams) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);

    /// <summary>Publishes what is in <paramref name="tar"/>, in the name of <paramref name="by"/>; gives the publication that is in force afterwards.</summary>
    /// <param name="tar">The upload.</param>
    /// <param name="by">Who it is from.</param>
    /// <param name="mayStill">Asked right before it takes effect: whether that is somebody who may publish, still.</param>
    /// <param name="cancellation">Ends the wait for it, and for others.</param>
    /// <exception cref="RejectedException">It was refused; nothing changed.</exception>
    /// <exception cref="PublisherEndedException">It is nobody any more who may publish; nothing changed.</exception>
    /// <exception cref="StoreUnavailableException">Others took too long, here or on another server; or this one did, and lost its turn.</exception>
    public async Task<Publication> PublishAsync(Stream tar, string by, Func<Task<bool>> mayStill, CancellationToken cancellation)
    {
        using Bundle bundle = await Bundle.ReceiveAsync(tar, content, cancellation);
        await WaitAsync(cancellation);
        try
        {
            await using IPublicationTurn turn = await store.HoldAsync(cancellation);
            catalog.Renew(store.Load()); // another server may have published
            Publication before = catalog.Current;
            PublicationContent available = new(bundle.Files, before, content);
            (long timestampVersion, IReadOnlyList<Release> releases) = new PublicationVerifier(trustedRoot, before, available, time.GetUtcNow()).Verify();
            if (IsNoNews(before, available))
            {
                return before;
            }

            MakeDurable(bundle, available);
            seams.BeforePublicationCommit?.Invoke();
            if (!await mayStill())
            {
                throw new PublisherEndedException();
            }

            Publication after = Combine(before, available, timestampVersion, releases);
            turn.Commit(before, after, new Publishing(time.GetUtcNow(), by));
            catalog.Replace(after);
            return after;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Does <paramref name="work"/> while no publication, here or on another server, is about to refer to content that is there already; it asks whether that is still so before it removes any.</summary>
    /// <exception cref="StoreUnavailableException">Others took too long, here or on another server; or this one did, and lost its turn.</exception>
    public async Task BetweenPublicationsAsync(Action<IPublicationTurn> work, CancellationToken cancellation)
    {
        await WaitAsync(cancellation);
        try
        {
            await using IPublicationTurn turn = await store.HoldAsync(cancellation);
            catalog.Renew(store.Load());
            work(turn);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task WaitAsync(CancellationToken cancellation)
    {
        if (!await _one.WaitAsync(seams.Locks.Wait, cancellation))
        {
            throw new StoreBusyException("another publication is under way");
        }
    }

    private static bool IsNoNews(Publication before, PublicationContent available) =>
        available.Used.All(used => before.Files.TryGetValue(used.Key, out PublishedFile? old) && old == used.Value);

    private void MakeDurable(Bundle bundle, PublicationContent available)
    {
        List<Sha256Digest> added = [];
        foreach (string path in available.Used.Keys)
        {
            if (bundle.Files.TryGetValue(path, out StagedContent? staged))
            {
                content.Add(staged);
                added.Add(staged.Digest);
            }
        }

        content.Flush(added);
    }

    /// <summary>What was published stays served, for devices that are in the middle of an update; what may be rolled out is what is listed now.</summary>
    private static Publication Combine(Publication before, PublicationContent available, long timestampVersion, IReadOnlyList<Release> releases)
    {
        Dictionary<string, PublishedFile> files = new(before.Files, StringComparer.Ordinal);
        foreach ((string path, PublishedFile file) in available.Used)
        {
            files[path] = file;
        }

        return new Publication(before.Generation + 1, timestampVersion, files.ToFrozenDictionary(StringComparer.Ordinal), [.. releases]);
    }
}

/// <summary>Whoever published may not any more: the credential was taken back while the publication came.</summary>
internal sealed class PublisherEndedException() : Exception("publication: wanted somebody who may publish until the publication takes effect, got one who may not any more");
