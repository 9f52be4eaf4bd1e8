using System.Formats.Asn1;

namespace Fota.Manifest.Keys.HashBased;

/// <summary>
/// HSS/LMS, stateful hash-based signatures (RFC 8554, RFC 9858; COSE: RFC 8778). They rest on nothing but a hash function, so they stay
/// unforgeable for who has a quantum computer. We verify; who signs keeps the state (SP 800-208) and is a hardware module elsewhere.
/// </summary>
internal sealed class HssLmsKey : VerificationKey
{
    public const string AlgorithmOid = "1.2.840.113549.1.9.16.3.17";

    // RFC 8554 section 6: one to eight levels. Each costs at most p * 255 hashes, so a hostile signature costs some ten milliseconds.
    private const uint MaxLevels = 8;

    private readonly uint _levels;
    private readonly TreeKey _top;

    public HssLmsKey(ReadOnlyMemory<byte> subjectPublicKeyInfo)
        : this(PublicKeyOf(subjectPublicKeyInfo))
    {
    }

    private HssLmsKey(byte[] publicKey)
        : base(SignatureAlgorithm.HssLms, Encode(publicKey))
    {
        ByteCursor cursor = new(publicKey);
        if (!cursor.TryReadUInt32(out _levels) || _levels is 0 or > MaxLevels || TreeKey.Read(ref cursor) is not { } top || !cursor.Rest.IsEmpty)
        {
            throw new RejectedException(RejectionReason.UnsupportedKey, $"an HSS/LMS public key: wanted 1 to {MaxLevels} levels, parameter sets of RFC 8554 or RFC 9858 with one hash, and nothing after it");
        }

        if (!top.Hash.IsSupported)
        {
            throw new RejectedException(RejectionReason.UnsupportedKey, "an HSS/LMS public key: wanted SHA-256, as this machine's libcrypto has no SHAKE256, got SHAKE256");
        }

        _top = top;
    }

    /// <summary>RFC 8554 section 6.3: each level's key is signed by the level above, the message by the lowest.</summary>
    public override bool IsSignatureOver(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        ByteCursor cursor = new(signature);
        if (!cursor.TryReadUInt32(out uint signedKeys) || signedKeys != _levels - 1)
        {
            return false;
        }

        TreeKey key = _top;
        for (uint level = 0; level < signedKeys; level++)
        {
            if (!key.TryTakeSignature(ref cursor, out TreeKey.TreeSignature over))
            {
                return false;
            }

            // SP 800-208 section 4.3: all trees use one hash, so that no level is weaker than the trusted key says.
            ReadOnlySpan<byte> from = cursor.Rest;
            if (TreeKey.Read(ref cursor) is not { } next || next.Hash != _top.Hash || !key.Verifies(from[..^cursor.Rest.Length], over))
            {
                return false;
            }

            key = next;
        }

        return key.TryTakeSignature(ref cursor, out TreeKey.TreeSignature last) && cursor.Rest.IsEmpty && key.Verifies(message, last);
    }

    // RFC 9708 section 4 and RFC 9802 section 3: the BIT STRING holds the raw key. RFC 8708, which they replaced, wrapped it into an OCTET
    // STRING, and keys exported in that time are about; both spell one key, whose id is made of the newer spelling (A11).
    private static byte[] PublicKeyOf(ReadOnlyMemory<byte> subjectPublicKeyInfo)
    {
        try
        {
            AsnReader outer = new(subjectPublicKeyInfo, AsnEncodingRules.DER);
            AsnReader info = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            AsnReader algorithm = info.ReadSequence();
            algorithm.ReadObjectIdentifier();
            algorithm.ThrowIfNotEmpty();
            byte[] key = info.ReadBitString(out int unused);
            info.ThrowIfNotEmpty();
            const byte OctetString = 0x04;
            if (unused == 0)
            {
                if (key is not [OctetString, ..])
                {
                    return key;
                }

                AsnReader wrapped = new(key, AsnEncodingRules.DER);
                byte[] raw = wrapped.ReadOctetString();
                wrapped.ThrowIfNotEmpty();
                return raw;
            }
        }
        catch (AsnContentException)
        {
            // Falls through to the one refusal below.
        }

        throw new RejectedException(RejectionReason.UnsupportedKey, "an HSS/LMS public key: wanted a DER SubjectPublicKeyInfo without parameters (RFC 9708)");
    }

    private static byte[] Encode(byte[] publicKey)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(AlgorithmOid);
            }

            writer.WriteBitString(publicKey);
        }

        return writer.Encode();
    }
}
