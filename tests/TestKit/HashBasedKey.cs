using Fota.Manifest.Keys;

namespace Fota.TestKit;

/// <summary>An HSS key (RFC 8554 section 6) of one level, or of two whose lower one may have another hash than it should.</summary>
internal sealed class HashBasedKey : SoftwareKey
{
    private readonly HashBasedTree _top;
    private readonly HashBasedTree? _lower;

    /// <param name="lower">Hash length of the lower level: 32, or 24; null for one level.</param>
    public HashBasedKey(int? lower)
        : this(new HashBasedTree(32), lower is { } n ? new HashBasedTree(n) : null)
    {
    }

    /// <summary>A key that is the same everywhere.</summary>
    public static HashBasedKey Fixed(byte number) => new(new HashBasedTree(32, [.. Enumerable.Repeat(number, 32)]), new HashBasedTree(32, [.. Enumerable.Repeat((byte)(number + 1), 32)]));

    private HashBasedKey(HashBasedTree top, HashBasedTree? lower)
    {
        _top = top;
        _lower = lower;
        byte[] raw = [.. HashBasedTree.Number(_lower is null ? 1u : 2u), .. _top.PublicKey];
        byte[] algorithm = [0x30, 0x0d, 0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x03, 0x11];
        PublicKey = VerificationKey.FromSubjectPublicKeyInfo((byte[])[0x30, (byte)(algorithm.Length + 3 + raw.Length), .. algorithm, 0x03, (byte)(raw.Length + 1), 0x00, .. raw]);
    }

    public override VerificationKey PublicKey { get; }

    public override byte[] Sign(ReadOnlySpan<byte> message) => _lower is null
        ? [.. HashBasedTree.Number(0), .. _top.Sign(message)]
        : [.. HashBasedTree.Number(1), .. _top.Sign(_lower.PublicKey), .. _lower.PublicKey, .. _lower.Sign(message)];
}
