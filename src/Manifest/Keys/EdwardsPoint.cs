namespace Fota.Manifest.Keys;

/// <summary>
/// What OpenSSL does not ask of an Ed25519 public key. A point of low order "signs" messages that nobody signed, and a coordinate that is not
/// reduced spells a key a second time, under another id (A11). Honest key generation gives neither.
/// </summary>
internal static class EdwardsPoint
{
    private const byte SignBit = 0x80;

    // y of the eight points whose order divides eight; x and -x share it.
    private static readonly byte[][] s_lowOrder =
    [
        Convert.FromHexString("0000000000000000000000000000000000000000000000000000000000000000"),
        Convert.FromHexString("0100000000000000000000000000000000000000000000000000000000000000"),
        Convert.FromHexString("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        Convert.FromHexString("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
        Convert.FromHexString("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ];

    /// <summary>Whether y is not below p = 2^255 - 19 (RFC 8032 section 5.1.3). The other odd spelling, x = -0, has a y of low order.</summary>
    public static bool IsNonCanonical(ReadOnlySpan<byte> point) =>
        (point[31] | SignBit) == 0xFF && !point[1..31].ContainsAnyExcept((byte)0xFF) && point[0] >= 0xED;

    public static bool IsOfLowOrder(ReadOnlySpan<byte> point)
    {
        Span<byte> y = stackalloc byte[32];
        point.CopyTo(y);
        y[31] &= unchecked((byte)~SignBit);
        foreach (byte[] low in s_lowOrder)
        {
            if (y.SequenceEqual(low))
            {
                return true;
            }
        }

        return false;
    }
}
