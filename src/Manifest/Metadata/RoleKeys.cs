using Fota.Manifest.Keys;

namespace Fota.Manifest.Metadata;

/// <summary>The keys of a role and how many distinct ones must sign (TUF 1.0.34 section 4.3).</summary>
public sealed class RoleKeys
{
    /// <summary>Makes the set; a key listed twice counts once (A11).</summary>
    /// <exception cref="RejectedException">The threshold is below 1 or above the number of distinct keys (A12).</exception>
    public RoleKeys(IEnumerable<VerificationKey> keys, int threshold)
    {
        Keys = [.. keys.Distinct()];
        Threshold = threshold >= 1 && threshold <= Keys.Count
            ? threshold
            : throw new RejectedException(RejectionReason.InvalidThreshold, $"threshold: wanted 1 to {Keys.Count} (the number of distinct keys), got {threshold}");
    }

    /// <summary>The distinct keys.</summary>
    public IReadOnlyList<VerificationKey> Keys { get; }

    /// <summary>How many of them must sign.</summary>
    public int Threshold { get; }
}
