using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Fota.Interop.Cryptoki;

/// <summary>ECDSA on a NIST curve, or Ed25519: keys that are a point on a named curve.</summary>
internal sealed class CurveScheme : KeyScheme
{
    private const string IdEcPublicKey = "1.2.840.10045.2.1";
    private const string IdPrime256v1 = "1.2.840.10045.3.1.7";
    private const string IdSecp384r1 = "1.3.132.0.34";
    private const string IdEd25519 = "1.3.101.112";

    public static readonly CurveScheme P256 = new(
        KeyAlgorithm.EcdsaP256, Pkcs11.CKK_EC, Pkcs11.CKM_EC_KEY_PAIR_GEN, Pkcs11.CKM_ECDSA, 64, HashAlgorithmName.SHA256, IdPrime256v1, pointLength: 65);

    public static readonly CurveScheme P384 = new(
        KeyAlgorithm.EcdsaP384, Pkcs11.CKK_EC, Pkcs11.CKM_EC_KEY_PAIR_GEN, Pkcs11.CKM_ECDSA, 96, HashAlgorithmName.SHA384, IdSecp384r1, pointLength: 97);

    public static readonly CurveScheme Edwards = new(
        KeyAlgorithm.Ed25519, Pkcs11.CKK_EC_EDWARDS, Pkcs11.CKM_EC_EDWARDS_KEY_PAIR_GEN, Pkcs11.CKM_EDDSA, 64, null, IdEd25519, pointLength: 32);

    // PKCS#11 3.0 lets a token name the curve by PrintableString instead of its object identifier.
    private static readonly byte[] EdwardsByName = [0x13, 0x0C, .. "edwards25519"u8];

    private readonly string _curve;
    private readonly byte[] _parameters;
    private readonly int _pointLength;

    private CurveScheme(
        KeyAlgorithm algorithm, nuint keyType, nuint generation, nuint signing, int signatureLength, HashAlgorithmName? hash, string curve, int pointLength)
        : base(algorithm, keyType, generation, new SigningMechanism(signing), signatureLength, hash)
    {
        _curve = curve;
        _parameters = Oid(curve);
        _pointLength = pointLength;
    }

    public static (KeyScheme Scheme, byte[] PublicKey)? Read(SessionHandle session, nuint publicKey, nuint keyType, IEnumerable<CurveScheme> schemes)
    {
        byte[] parameters = session.Read(publicKey, Pkcs11.CKA_EC_PARAMS);
        CurveScheme? scheme = schemes.FirstOrDefault(scheme => scheme.KeyType == keyType && scheme.IsNamedBy(parameters));
        return scheme?.Point(session.Read(publicKey, Pkcs11.CKA_EC_POINT)) is { } point ? (scheme, scheme.SubjectPublicKeyInfo(point)) : null;
    }

    public override AttributeTemplate Describe(AttributeTemplate publicKey) => publicKey.Add(Pkcs11.CKA_EC_PARAMS, _parameters);

    private bool IsNamedBy(byte[] parameters) =>
        parameters.AsSpan().SequenceEqual(_parameters) || (this == Edwards && parameters.AsSpan().SequenceEqual(EdwardsByName));

    /// <summary>The public point, whether the token wraps it in an OCTET STRING (as 2.40 demands) or gives it raw; null when it is neither.</summary>
    private byte[]? Point(byte[] attribute)
    {
        // Each scheme has one point length, so the two forms cannot be mistaken for each other.
        byte[]? point = attribute.Length == _pointLength ? attribute
            : attribute.Length == _pointLength + 2 && attribute[0] == 0x04 && attribute[1] == _pointLength ? attribute[2..]
            : null;
        return point is not null && KeyType == Pkcs11.CKK_EC && point[0] != 0x04 ? null : point;
    }

    /// <summary>SubjectPublicKeyInfo, RFC 5480 for the NIST curves and RFC 8410 for Ed25519.</summary>
    private byte[] SubjectPublicKeyInfo(ReadOnlySpan<byte> point)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                if (KeyType == Pkcs11.CKK_EC)
                {
                    writer.WriteObjectIdentifier(IdEcPublicKey);
                }

                writer.WriteObjectIdentifier(_curve);
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
