using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.Signer.Keys;

namespace Fota.Signer.Log;

/// <summary>
/// Takes entries from the journal into the log's tree, in their order, and signs the tree. Bundles and tiles are written first, each once, the checkpoint last: a
/// process that is killed leaves files that the next one writes again with the same content (A48). What was signed is never contradicted: the new tree
/// is proven to be the old one, grown, before the key is used.
/// </summary>
internal sealed class LogSequencer
{
    private readonly SignerHome _home;
    private readonly ITokenKey _key;
    private readonly LogComparison _comparison;
    private readonly LogFolder _folder;
    private readonly List<TileAddress> _full = [];

    private LogSequencer(SignerHome home, ITokenKey key, LogComparison comparison)
    {
        _home = home;
        _key = key;
        _comparison = comparison;
        _folder = new LogFolder(home.Folder.Log);
    }

    /// <summary>Does what is due.</summary>
    /// <param name="home">The home.</param>
    /// <param name="opened">The online key.</param>
    /// <param name="comparison">What this process knows of journal and tree; null if it knows nothing.</param>
    /// <returns>The new checkpoint, or null when all entries are in the tree and signed for.</returns>
    /// <exception cref="SignerRefusalException">The log on disk is not what was signed, or not what the journal holds.</exception>
    public static VerifiedCheckpoint? Run(SignerHome home, OpenedKey opened, LogComparison? comparison = null)
    {
        LogSettings settings = home.Settings.Log;
        KeySettings key = home.Settings.Key(settings.Key);
        if (!string.Equals(key.Token, opened.Token.Label, StringComparison.Ordinal))
        {
            throw new SignerRefusalException(
                $"log {settings.Origin}: its key '{key.Label}' is on token '{key.Token}', and this process was given the PIN of token '{opened.Token.Label}': nothing new goes into it; "
                + "if the online key went to another token for good, the log needs a key there (`fota-signer log succeed`)");
        }

        return new LogSequencer(home, opened.Find(key), comparison ?? new LogComparison()).Run(LogCheckpoints.Newest(home), settings.Verifier(home.Folder, home.Settings));
    }

    private VerifiedCheckpoint? Run(VerifiedCheckpoint? old, NoteKey key)
    {
        long signed = old?.Content.Size ?? 0, count = _home.Log.Count;
        if (count < signed)
        {
            throw new SignerRefusalException($"log: wanted a journal with the {signed} entries that were signed for, got {count}: it is older than the log, and nothing is signed for it");
        }

        if (LogCheckpoints.Published(_home).FirstOrDefault(log => log.Content.Size > count) is { } ahead)
        {
            throw new SignerRefusalException($"log: wanted the {ahead.Content.Size} entries that devices pinned, got {count}: journal and log are older than what was published, and nothing is signed that would contradict what was");
        }

        if (old is not null)
        {
            _comparison.Demand(_home, old);
        }

        if (count == signed && old is not null && old.Key.Equals(key))
        {
            return null;
        }

        TileEdge edge = Grow(old, count);
        Checkpoint checkpoint = new(key.Name, edge.Size, edge.Root());
        DemandGrown(checkpoint, old);
        string text = checkpoint.ToText();
        byte[] signature = _home.Signer.Sign(_key, SigningPurpose.LogCheckpoint, $"{key.Name} {checkpoint.Size}", SignedNote.ToBeSigned(text));
        SignedNote note = SignedNote.Assemble(text, key, signature);
        _folder.WriteCheckpoint(note);
        _full.ForEach(_folder.RemovePartial);
        return VerifiedCheckpoint.Verify(note.Bytes, key).OrThrow();
    }

    private TileEdge Grow(VerifiedCheckpoint? old, long count)
    {
        TileEdge edge = TileEdge.Read(_folder, old?.Content.Size ?? 0);
        if (old is not null && edge.Root() != old.Content.Root)
        {
            throw new SignerRefusalException($"log: wanted tiles with the root hash of checkpoint {old.Content.Size}, {old.Content.Root}, got {edge.Root()}: nothing is signed that would contradict what was");
        }

        // The bundle that is not full yet is written anew, out of the journal; that it begins as it did was seen when it was held against the tree.
        for (long first = edge.Size / TileAddress.FullWidth * TileAddress.FullWidth; first < count; first += TileAddress.FullWidth)
        {
            IReadOnlyList<ReadOnlyMemory<byte>> entries = _home.Log.Read(first, (int)Math.Min(TileAddress.FullWidth, count - first));
            WriteOnce(TileAddress.OfEntries(first / TileAddress.FullWidth, entries.Count), EntryBundle.Encode(entries));
            foreach (ReadOnlyMemory<byte> entry in entries.Skip((int)(edge.Size - first)).ToArray())
            {
                edge.Append(MerkleHash.Leaf(entry.Span), WriteOnce);
            }
        }

        foreach ((TileAddress tile, byte[] bytes) in edge.Partial())
        {
            WriteOnce(tile, bytes);
        }

        return edge;
    }

    /// <summary>
    /// The tree began as each tree that was signed before: the last one, and those that devices have pinned. That it lies on disk needs no look of its own: each tile that its root is made of was
    /// compared or written, and then read back, a moment ago.
    /// </summary>
    private void DemandGrown(Checkpoint checkpoint, VerifiedCheckpoint? old)
    {
        TiledTree tree = new(_folder, checkpoint.Size);
        IEnumerable<VerifiedCheckpoint> earlier = LogCheckpoints.Published(_home).Concat(old is null ? [] : [old]);
        foreach (Checkpoint signed in earlier.Select(static earlier => earlier.Content).Where(static content => content.Size > 0))
        {
            Rejection? fork = signed.Size > checkpoint.Size
                ? new(RejectionReason.LogTruncated, $"wanted at least {signed.Size} entries, got {checkpoint.Size}")
                : MerkleProof.CheckConsistency(signed.Size, signed.Root, checkpoint.Size, checkpoint.Root, tree.ConsistencyProof(signed.Size));
            if (fork is not null)
            {
                throw new SignerRefusalException($"log: wanted a tree that began as checkpoint {signed.Size} of {signed.Origin}, got another ({fork}): nothing is signed that would contradict what was");
            }
        }
    }

    private void WriteOnce(TileAddress tile, byte[] bytes)
    {
        _folder.WriteOnce(tile, bytes);
        if (tile.IsFull)
        {
            _full.Add(tile);
        }
    }
}
