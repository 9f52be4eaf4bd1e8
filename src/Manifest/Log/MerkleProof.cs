namespace Fota.Manifest.Log;

/// <summary>Checks inclusion and consistency proofs, by the algorithms of RFC 9162 sections 2.1.3.2 and 2.1.4.2, whose proofs are those of RFC 6962.</summary>
public static class MerkleProof
{
    /// <summary>Why the proof does not show that a leaf is in a tree; null if it does.</summary>
    /// <param name="index">The leaf's place, from 0.</param>
    /// <param name="size">How many leaves the tree has.</param>
    /// <param name="leaf">The leaf's hash.</param>
    /// <param name="proof">From the leaf's sibling up to the child of the root.</param>
    /// <param name="root">The tree's root hash.</param>
    public static Rejection? CheckInclusion(long index, long size, Sha256Digest leaf, IReadOnlyList<Sha256Digest> proof, Sha256Digest root)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (index < 0 || index >= size)
        {
            return new(RejectionReason.ValueOutOfRange, $"inclusion proof: wanted an index below {size}, got {index}");
        }

        long first = index, last = size - 1;
        Sha256Digest hash = leaf;
        foreach (Sha256Digest next in proof)
        {
            if (last == 0)
            {
                return TooLong("inclusion");
            }

            if (long.IsOddInteger(first) || first == last)
            {
                hash = MerkleHash.Node(next, hash);
                SkipLeft(ref first, ref last);
            }
            else
            {
                hash = MerkleHash.Node(hash, next);
            }

            first >>= 1;
            last >>= 1;
        }

        return last == 0 ? Compare("inclusion", root, hash) : TooShort("inclusion");
    }

    /// <summary>Why the proof does not show that the smaller tree is how the larger one began; null if it does. From an empty tree nothing follows, so that is refused.</summary>
    /// <param name="size">How many leaves the smaller tree has, at least 1.</param>
    /// <param name="root">Its root hash.</param>
    /// <param name="largerSize">How many leaves the larger one has.</param>
    /// <param name="largerRoot">Its root hash.</param>
    /// <param name="proof">The hashes of RFC 6962 section 2.1.2.</param>
    public static Rejection? CheckConsistency(long size, Sha256Digest root, long largerSize, Sha256Digest largerRoot, IReadOnlyList<Sha256Digest> proof)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (size < 1 || size > largerSize)
        {
            return new(RejectionReason.ValueOutOfRange, $"consistency proof: wanted a smaller tree of 1 to {largerSize} leaves, got {size}");
        }

        if (size == largerSize)
        {
            return proof.Count == 0 ? Compare("consistency", root, largerRoot) : TooLong("consistency");
        }

        // A complete tree is a node of the larger one, and its hash is not repeated in the proof.
        IReadOnlyList<Sha256Digest> path = long.IsPow2(size) ? [root, .. proof] : proof;
        if (proof.Count == 0)
        {
            return TooShort("consistency");
        }

        long first = size - 1, last = largerSize - 1;
        while (long.IsOddInteger(first))
        {
            first >>= 1;
            last >>= 1;
        }

        Sha256Digest smaller = path[0], larger = path[0];
        foreach (Sha256Digest next in path.Skip(1))
        {
            if (last == 0)
            {
                return TooLong("consistency");
            }

            if (long.IsOddInteger(first) || first == last)
            {
                smaller = MerkleHash.Node(next, smaller);
                larger = MerkleHash.Node(next, larger);
                SkipLeft(ref first, ref last);
            }
            else
            {
                larger = MerkleHash.Node(larger, next);
            }

            first >>= 1;
            last >>= 1;
        }

        return last != 0 ? TooShort("consistency") : Compare("consistency", root, smaller) ?? Compare("consistency", largerRoot, larger);
    }

    // Levels at which the node has no sibling to its right are not in the proof.
    private static void SkipLeft(ref long first, ref long last)
    {
        while (!long.IsOddInteger(first) && first != 0)
        {
            first >>= 1;
            last >>= 1;
        }
    }

    private static Rejection? Compare(string what, Sha256Digest wanted, Sha256Digest got) =>
        wanted == got ? null : new(RejectionReason.LogMismatch, $"{what} proof: wanted root hash {wanted}, got {got}");

    private static Rejection TooLong(string what) => new(RejectionReason.LogMismatch, $"{what} proof: wanted fewer hashes, got more than lead to the root");

    private static Rejection TooShort(string what) => new(RejectionReason.LogMismatch, $"{what} proof: wanted more hashes, got too few to lead to the root");
}
