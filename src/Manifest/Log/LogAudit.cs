namespace Fota.Manifest.Log;

/// <summary>
/// Reads the whole of a log and holds it against a checkpoint: every entry, every bundle, every tile. What is changed, dropped, added or put in another
/// order leads to another root hash (A51).
/// </summary>
public sealed class LogAudit
{
    private readonly ITileSource _source;
    private readonly VerifiedCheckpoint _checkpoint;
    private readonly Queue<VerifiedCheckpoint> _earlier;
    private readonly TileEdge _edge = TileEdge.OfEmptyTree();
    private long _tiles;

    private LogAudit(ITileSource source, VerifiedCheckpoint checkpoint, IEnumerable<VerifiedCheckpoint> earlier)
    {
        _source = source;
        _checkpoint = checkpoint;
        _earlier = new(earlier.OrderBy(static old => old.Content.Size));
    }

    /// <summary>Verifies a log.</summary>
    /// <param name="source">Its files.</param>
    /// <param name="checkpoint">Its checkpoint.</param>
    /// <param name="earlier">Checkpoints of it that the caller holds, by its key of now or one that it had before: the log has to be what those were of, grown.</param>
    /// <param name="entry">Shown each entry in order, with its place; may refuse one by <see cref="RejectedException"/>.</param>
    /// <returns>What was read.</returns>
    public static Verdict<AuditedLog> Run(ITileSource source, VerifiedCheckpoint checkpoint, IEnumerable<VerifiedCheckpoint> earlier, Action<long, ReadOnlyMemory<byte>> entry)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(earlier);
        ArgumentNullException.ThrowIfNull(entry);
        return Verdict.Of(() => new LogAudit(source, checkpoint, earlier).Read(entry));
    }

    private AuditedLog Read(Action<long, ReadOnlyMemory<byte>> entry)
    {
        foreach (VerifiedCheckpoint old in _earlier)
        {
            DemandNone(_checkpoint.CheckGrownFrom(old));
        }

        DemandEarlier();
        foreach (TileAddress bundle in TileAddress.OfTree(_checkpoint.Content.Size).TakeWhile(static address => address.Level is null))
        {
            foreach (ReadOnlyMemory<byte> bytes in TileFile.ReadEntries(_source, bundle))
            {
                entry(_edge.Size, bytes);
                _edge.Append(MerkleHash.Leaf(bytes.Span), DemandTile);
                DemandEarlier();
            }
        }

        foreach ((TileAddress tile, byte[] bytes) in _edge.Partial())
        {
            DemandTile(tile, bytes);
        }

        return _edge.Root() == _checkpoint.Content.Root
            ? new AuditedLog(_checkpoint, _tiles)
            : throw new RejectedException(RejectionReason.LogMismatch, $"log {_checkpoint.Content.Origin}: wanted root hash {_checkpoint.Content.Root} of {_edge.Size} entries, got {_edge.Root()}");
    }

    private void DemandTile(TileAddress address, byte[] wanted)
    {
        _tiles++;
        if (!TileFile.Write(TileFile.ReadHashes(_source, address)).AsSpan().SequenceEqual(wanted))
        {
            throw new RejectedException(RejectionReason.LogMismatch, $"{address.Path}: wanted the hashes of the entries below it, got others");
        }
    }

    private void DemandEarlier()
    {
        while (_earlier.TryPeek(out VerifiedCheckpoint? old) && old.Content.Size == _edge.Size)
        {
            _ = _earlier.Dequeue();
            if (_edge.Root() != old.Content.Root)
            {
                throw new RejectedException(RejectionReason.LogSplitView, $"log {old.Content.Origin}: wanted root hash {old.Content.Root} of the first {old.Content.Size} entries, got {_edge.Root()}");
            }
        }
    }

    private static void DemandNone(Rejection? rejection)
    {
        if (rejection is not null)
        {
            throw new RejectedException(rejection);
        }
    }
}

/// <summary>A log that was read as a whole and is what its checkpoint says.</summary>
/// <param name="Checkpoint">The checkpoint.</param>
/// <param name="Tiles">How many tiles of hashes were compared.</param>
public sealed record AuditedLog(VerifiedCheckpoint Checkpoint, long Tiles);
