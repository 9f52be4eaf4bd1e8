using System.Formats.Asn1;

namespace Fota.Interop.Cryptoki;

/// <summary>How one algorithm is spelled in Cryptoki and in X.509.</summary>
internal sealed record KeyScheme(
    KeyAlgorithm Algorithm,
    nuint KeyType,
    nuint GenerationMechanism,
    nuint SigningMechanism,
    byte[] Parameters,
    int PointLength)
{
    public const int SignatureLength = 64;

    private const string IdEcPublicKey = "1.2.840.10045.2.1";
    private const string IdPrime256v1 = "1.2.840.10045.3.1.7";
    private const string IdEd25519 = "1.3.101.112";

    private static readonly KeyScheme P256 = new(
        KeyAlgorithm.EcdsaP256, Pkcs11.CKK_EC, Pkcs11.CKM_EC_KEY_PAIR_GEN, Pkcs11.CKM_ECDSA, Oid(IdPrime256v1), PointLength: 65);

    private static readonly KeyScheme Edwards = new(
        KeyAlgorithm.Ed25519, Pkcs11.CKK_EC_EDWARDS, Pkcs11.CKM_EC_EDWARDS_KEY_PAIR_GEN, Pkcs11.CKM_EDDSA, Oid(IdEd25519), PointLength: 32);

    // PKCS#11 3.0 lets a token name the curve by PrintableString instead of its object identifier.
    private static readonly byte[] EdwardsByName = [0x13, 0x0C, .. "edwards25519"u8];

    public static KeyScheme Of(KeyAlgorithm algorithm) => algorithm switch
    {
        KeyAlgorithm.EcdsaP256 => P256,
        KeyAlgorithm.Ed25519 => Edwards,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "not a key algorithm"),
    };

    public static KeyScheme? Find(nuint keyType, ReadOnlySpan<byte> parameters)
    {
        if (keyType == P256.KeyType && parameters.SequenceEqual(P256.Parameters))
        {
            return P256;
        }

        bool isEdwards = parameters.SequenceEqual(Edwards.Parameters) || parameters.SequenceEqual(EdwardsByName);
        return keyType == Edwards.KeyType && isEdwards ? Edwards : null;
    }

    /// <summary>The public point, whether the token wraps it in an OCTET STRING (as 2.40 demands) or gives it raw; null when it is neither.</summary>
    public byte[]? Point(byte[] attribute)
    {
        // Each scheme has one point length, so the two forms cannot be mistaken for each other.
        byte[]? point = attribute.Length == PointLength ? attribute
            : attribute.Length == PointLength + 2 && attribute[0] == 0x04 && attribute[1] == PointLength ? attribute[2..]
            : null;
        return point is not null && Algorithm == KeyAlgorithm.EcdsaP256 && point[0] != 0x04 ? null : point;
    }

    /// <summary>SubjectPublicKeyInfo, RFC 5480 for P-256 and RFC 8410 for Ed25519.</summary>
    public byte[] SubjectPublicKeyInfo(ReadOnlySpan<byte> point)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Algorithm == KeyAlgorithm.EcdsaP256 ? IdEcPublicKey : IdEd25519);
                if (Algorithm == KeyAlgorithm.EcdsaP256)
                {
                    writer.WriteObjectIdentifier(IdPrime256v1);
                }
            }

            writer.WriteBitString(point);
        }

        return writer.Encode();
    }

    private static byte[] Oid(string value)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteObjectIdentifier(value);
        return writer.Encode();
    }
}
