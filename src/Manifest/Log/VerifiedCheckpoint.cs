namespace Fota.Manifest.Log;

/// <summary>A checkpoint that the log's own key signed.</summary>
public sealed class VerifiedCheckpoint
{
    private VerifiedCheckpoint(SignedNote note, NoteKey key, Checkpoint content)
    {
        Note = note;
        Key = key;
        Content = content;
    }

    /// <summary>The note, as it came.</summary>
    public SignedNote Note { get; }

    /// <summary>The key that signed it.</summary>
    public NoteKey Key { get; }

    /// <summary>What it says.</summary>
    public Checkpoint Content { get; }

    /// <summary>Verifies a note by the log's key, whose name is the log's origin.</summary>
    public static Verdict<VerifiedCheckpoint> Verify(ReadOnlyMemory<byte> note, NoteKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Verdict.Of(() => Demand(note, key));
    }

    /// <summary>
    /// Why this log cannot be the one that <paramref name="earlier"/> is a checkpoint of, grown; null if it can. Of two trees of different sizes only a
    /// consistency proof shows that one is how the other began; this is what is known without.
    /// </summary>
    public Rejection? CheckSuccessorOf(VerifiedCheckpoint earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        return Key.Equals(earlier.Key) ? CheckGrownFrom(earlier) : new(RejectionReason.ForeignLog, $"log {earlier.Content.Origin}: wanted its key {earlier.Key}, got {Key}");
    }

    /// <summary>
    /// As <see cref="CheckSuccessorOf(VerifiedCheckpoint)"/>, whichever key signed the earlier one: a log that gets another key (and with it another name) is the same tree, grown. That both keys
    /// are the log's is for the caller to know.
    /// </summary>
    public Rejection? CheckGrownFrom(VerifiedCheckpoint earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        Checkpoint old = earlier.Content;
        if (Content.Size < old.Size)
        {
            return new(RejectionReason.LogTruncated, $"log {old.Origin}: wanted at least {old.Size} entries, got {Content.Size}");
        }

        return Content.Size == old.Size && Content.Root != old.Root
            ? new(RejectionReason.LogSplitView, $"log {old.Origin}: wanted root hash {old.Root} of {old.Size} entries, got {Content.Root}")
            : null;
    }

    /// <summary>As <see cref="CheckSuccessorOf(VerifiedCheckpoint)"/>, with the tree at hand: that it began as the earlier one is proven.</summary>
    /// <exception cref="RejectedException">A tile is not there.</exception>
    public Rejection? CheckSuccessorOf(VerifiedCheckpoint earlier, TiledTree tree)
    {
        return CheckSuccessorOf(earlier) ?? CheckGrownFrom(earlier, tree);
    }

    /// <summary>As <see cref="CheckGrownFrom(VerifiedCheckpoint)"/>, with the tree at hand: that it began as the earlier one is proven.</summary>
    /// <exception cref="RejectedException">A tile is not there.</exception>
    public Rejection? CheckGrownFrom(VerifiedCheckpoint earlier, TiledTree tree)
    {
        ArgumentNullException.ThrowIfNull(tree);
        if (CheckGrownFrom(earlier) is { } rejection)
        {
            return rejection;
        }

        Checkpoint old = earlier.Content;
        return old.Size == 0 || MerkleProof.CheckConsistency(old.Size, old.Root, Content.Size, Content.Root, tree.ConsistencyProof(old.Size)) is null
            ? null
            : new(RejectionReason.LogSplitView, $"log {old.Origin}: wanted a tree of {Content.Size} entries that began as the one of {old.Size}, got another");
    }

    internal static VerifiedCheckpoint Demand(ReadOnlyMemory<byte> note, NoteKey key)
    {
        SignedNote signed = SignedNote.Decode(note).OrThrow();
        Checkpoint content = Checkpoint.Parse(signed.Text);
        if (!string.Equals(content.Origin, key.Name, StringComparison.Ordinal))
        {
            throw new RejectedException(RejectionReason.ForeignLog, $"checkpoint: wanted origin {key.Name}, got another");
        }

        if (signed.Check(key) is { } rejection)
        {
            throw new RejectedException(rejection);
        }

        // What an empty tree hashes to is known to all.
        return content.Size > 0 || content.Root == MerkleHash.OfEmptyTree
            ? new VerifiedCheckpoint(signed, key, content)
            : throw new RejectedException(RejectionReason.LogMismatch, $"checkpoint of an empty tree: wanted root hash {MerkleHash.OfEmptyTree}, got {content.Root}");
    }
}
