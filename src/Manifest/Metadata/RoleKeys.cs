using Fota.Manifest.Keys;

namespace Fota.Manifest.Metadata;

/// <summary>Who speaks for a role: its keys, and how many of them it takes.</summary>
public sealed class RoleKeys
{
    private readonly (MetadataKeyId Id, VerificationKey Key)[] _named;

    /// <summary>Takes the distinct keys among <paramref name="keys"/>; a key that is given twice counts once (A11).</summary>
    /// <exception cref="RejectedException">The threshold is below one or above the number of distinct keys (A12).</exception>
    public RoleKeys(IEnumerable<VerificationKey> keys, int threshold)
    {
        ArgumentNullException.ThrowIfNull(keys);
        _named = [.. keys.Distinct().Select(static key => (MetadataKeyId.Of(key), key))];
        Keys = Ordered(_named);
        Threshold = threshold >= 1 && threshold <= Keys.Count
            ? threshold
            : throw new RejectedException(RejectionReason.InvalidThreshold, $"a threshold: wanted 1 to {Keys.Count}, the number of distinct keys, got {threshold}");
    }

    private RoleKeys((MetadataKeyId Id, VerificationKey Key)[] named, int threshold)
    {
        _named = named;
        Keys = Ordered(named);
        Threshold = threshold >= 1
            ? threshold
            : throw new RejectedException(RejectionReason.InvalidThreshold, $"a threshold: wanted at least 1, got {threshold}");
    }

    /// <summary>The distinct keys, in the order of their ids.</summary>
    public IReadOnlyList<VerificationKey> Keys { get; }

    /// <summary>How many distinct keys have to sign.</summary>
    public int Threshold { get; }

    /// <summary>Which of the keys have signed <paramref name="metadata"/>, each once.</summary>
    public IReadOnlyList<VerificationKey> Signers(SignedMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        return [.. _named
            .Where(named => metadata.Signatures.Any(signature => signature.Key == named.Id && signature.IsBy(named.Key, metadata.SignedBytes.Span)))
            .Select(static named => named.Key)
            .Distinct()];
    }

    /// <summary>
    /// Why <paramref name="metadata"/> is not signed by a threshold of these keys; null if it is. TUF 1.0.34 section 5.3.4: each key contributes
    /// one signature.
    /// </summary>
    /// <param name="metadata">What was signed.</param>
    /// <param name="role">The role's name, for the message.</param>
    public Rejection? Check(SignedMetadata metadata, string role)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        if (metadata.Signatures.Count == 0)
        {
            return new(RejectionReason.NoSignatures, $"wanted {Wanted(role)}, got no signature at all");
        }

        int valid = Signers(metadata).Count;
        return valid >= Threshold ? null : new(RejectionReason.ThresholdNotMet, $"wanted {Wanted(role)}, got {valid}");
    }

    /// <summary>Keys as another writer named them, perhaps one under two names, perhaps too few for the threshold, which is then never met.</summary>
    /// <exception cref="RejectedException">The threshold is below one (A12).</exception>
    internal static RoleKeys Reachable(IEnumerable<(MetadataKeyId Id, VerificationKey Key)> named, int threshold) => new([.. named], threshold);

    /// <summary>As <see cref="Check"/>, by exception.</summary>
    internal void Demand(SignedMetadata metadata, string role)
    {
        if (Check(metadata, role) is { } rejection)
        {
            throw new RejectedException(rejection);
        }
    }

    /// <summary>Whether the same keys speak, whatever the threshold.</summary>
    internal bool HasSameKeysAs(RoleKeys other) => Keys.SequenceEqual(other.Keys);

    /// <summary>Whether the same keys speak, and as many of them.</summary>
    internal bool SpeakAs(RoleKeys other) => HasSameKeysAs(other) && Threshold == other.Threshold;

    private static VerificationKey[] Ordered((MetadataKeyId Id, VerificationKey Key)[] named) =>
        [.. named.Select(static pair => pair.Key).Distinct().OrderBy(static key => key.Id.ToString(), StringComparer.Ordinal)];

    private string Wanted(string role) => $"{Threshold} valid {(Threshold == 1 ? "signature" : "signatures by distinct keys")} of role {role}";
}
