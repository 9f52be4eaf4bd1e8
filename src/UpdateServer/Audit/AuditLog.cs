using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Audit;

/// <summary>
/// The server's log as others see it. Its entries are in the store, with what they tell of; bundles and tiles are a function of them. This server has no key: the signer proves that the
/// tree has grown and nothing else, and signs it. What is not signed for is not served.
/// </summary>
/// <param name="store">Has the entries.</param>
/// <param name="named">Gives the keys of servers' logs that the published timestamp names.</param>
/// <param name="time">The clock.</param>
internal sealed class AuditLog(IAuditStore store, Func<IReadOnlyCollection<string>> named, TimeProvider time)
{
    /// <summary>The tree as it is now, and the proof that it began as that of <paramref name="from"/> entries.</summary>
    /// <param name="from">How many entries whoever asks knows; 0 for none.</param>
    /// <exception cref="RejectedException">It never had so many.</exception>
    public TreeHead Head(long from)
    {
        TiledTree tree = TreeOf(store.Count());
        if (from < 0 || from > tree.Size)
        {
            throw new RejectedException(RejectionReason.LogTruncated, $"from: wanted 0 to the {tree.Size} entries that there are, got {from}");
        }

        return new TreeHead(tree.Size, tree.Root(), from is 0 ? [] : tree.ConsistencyProof(from));
    }

    /// <summary>Takes a checkpoint of this log, and serves it from then on.</summary>
    /// <param name="key">By which key.</param>
    /// <param name="note">The signed note.</param>
    /// <exception cref="RejectedException">It is no checkpoint by that key, or not one of this tree.</exception>
    /// <exception cref="UnknownSignerException">Another key signs for this log.</exception>
    public VerifiedCheckpoint Take(NoteKey key, byte[] note)
    {
        VerifiedCheckpoint checkpoint = VerifiedCheckpoint.Verify(note, key).OrThrow();
        long count = store.Count();
        if (checkpoint.Content.Size > count)
        {
            throw new RejectedException(RejectionReason.LogTruncated, $"checkpoint: wanted one of at most the {count} entries that there are, got one of {checkpoint.Content.Size}");
        }

        Sha256Digest root = TreeOf(checkpoint.Content.Size).Root();
        if (root != checkpoint.Content.Root)
        {
            throw new RejectedException(RejectionReason.LogSplitView, $"checkpoint: wanted root hash {root} of {checkpoint.Content.Size} entries, got {checkpoint.Content.Root}");
        }

        IReadOnlyCollection<string> keys = named();
        store.Keep(new StoredCheckpoint(key.Text, checkpoint.Content.Size, note, time.GetUtcNow()), taken =>
        {
            if (!Counts(key.Text, keys) || (keys.Count == 0 && taken.Count > 0 && !taken.Contains(key.Text, StringComparer.Ordinal)))
            {
                throw new UnknownSignerException(
                    $"checkpoint: wanted one by {(keys.Count > 0 ? "a key that the published timestamp names (server_logs)" : $"{string.Join(" or ", taken)}, whose one was the first")}, got one by {key}");
            }
        });
        return checkpoint;
    }

    /// <summary>The checkpoint over the most entries, of those whose key counts; null for none.</summary>
    public StoredCheckpoint? Newest()
    {
        IReadOnlyCollection<string> keys = named();
        return store.Checkpoints().FirstOrDefault(c => Counts(c.Vkey, keys));
    }

    /// <summary>A file of the log, as tlog-tiles lays it out; null if there is none, or none that is signed for.</summary>
    /// <exception cref="RejectedException">Entries are missing that were there.</exception>
    public byte[]? Read(string path)
    {
        if (Newest() is not { } newest)
        {
            return null;
        }

        return path == ITileSource.Checkpoint ? newest.Note : new ComputedTiles(store, newest.Size).Read(path, int.MaxValue);
    }

    /// <summary>As long as no timestamp names a key, whoever may publish could have signed: the first one counts. What devices pin counts from then on, whatever was taken before.</summary>
    private static bool Counts(string vkey, IReadOnlyCollection<string> named) => named.Count == 0 || named.Contains(vkey, StringComparer.Ordinal);

    private TiledTree TreeOf(long size) => new(new ComputedTiles(store, size), size);
}

/// <summary>The tree of the log at one moment.</summary>
/// <param name="Size">How many entries it has.</param>
/// <param name="Root">Its root hash.</param>
/// <param name="Proof">The proof that it began as the smaller one that was asked for (RFC 6962 section 2.1.2).</param>
internal sealed record TreeHead(long Size, Sha256Digest Root, IReadOnlyList<Sha256Digest> Proof);

/// <summary>A checkpoint is by a key that does not sign for this log; nothing was changed.</summary>
internal sealed class UnknownSignerException(string message) : Exception(message);
