using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;

namespace Fota.Manifest.Verification;

/// <summary>Whose signatures make an envelope a release of a product: a threshold of classical keys, and of hash-based ones where the product has them.</summary>
public sealed class ReleaseAnchors
{
    private ReleaseAnchors(RoleKeys keys, HashBasedAnchors hashBased)
    {
        Keys = keys;
        HashBased = hashBased;
    }

    /// <summary>The classical keys, and how many of them it takes.</summary>
    public RoleKeys Keys { get; }

    /// <summary>What it takes beside them.</summary>
    public HashBasedAnchors HashBased { get; }

    /// <summary>A threshold of <paramref name="keys"/> is enough.</summary>
    public static ReleaseAnchors Classical(RoleKeys keys) => Of(keys, HashBasedAnchors.None);

    /// <summary>A threshold of <paramref name="keys"/> AND a threshold of <paramref name="hashBased"/>.</summary>
    /// <exception cref="RejectedException">A classical key among the hash-based ones, or the other way round.</exception>
    public static ReleaseAnchors Hybrid(RoleKeys keys, RoleKeys hashBased) => Of(keys, HashBasedAnchors.Of(hashBased));

    /// <summary>A threshold of <paramref name="keys"/>, and whatever <paramref name="hashBased"/> asks.</summary>
    /// <exception cref="RejectedException">A hash-based key among the classical ones, where it would count twice.</exception>
    public static ReleaseAnchors Of(RoleKeys keys, HashBasedAnchors hashBased)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(hashBased);
        return keys.Keys.All(static key => key.Algorithm != SignatureAlgorithm.HssLms)
            ? new ReleaseAnchors(keys, hashBased)
            : throw new RejectedException(RejectionReason.UnsupportedKey, "release anchors: wanted classical keys, and HSS/LMS keys apart from them, got an HSS/LMS key among the classical ones");
    }
}

/// <summary>
/// The hash-based keys of a product. Who can break elliptic curves can forge the whole chain of metadata too, so these are no part of it: a device has
/// them in its firmware or configuration from its first day. That a product has none is a choice with a name, never a value that was left out.
/// </summary>
public sealed class HashBasedAnchors
{
    private HashBasedAnchors(RoleKeys? keys) => Keys = keys;

    /// <summary>The product has none: its releases rest on classical signatures alone.</summary>
    public static HashBasedAnchors None { get; } = new(null);

    internal RoleKeys? Keys { get; }

    /// <summary>A threshold of <paramref name="keys"/>.</summary>
    /// <exception cref="RejectedException">One of them is not an HSS/LMS key.</exception>
    public static HashBasedAnchors Of(RoleKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return keys.Keys.All(static key => key.Algorithm == SignatureAlgorithm.HssLms)
            ? new HashBasedAnchors(keys)
            : throw new RejectedException(RejectionReason.UnsupportedKey, "hash-based anchors: wanted HSS/LMS keys, got another");
    }
}
