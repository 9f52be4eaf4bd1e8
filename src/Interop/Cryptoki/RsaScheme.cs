using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;

namespace Fota.Interop.Cryptoki;

/// <summary>
/// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes, whatever the length of the key: what TUF calls "rsassa-pss-sha256" and COSE
/// PS256. The token gets the digest (CKM_RSA_PKCS_PSS), so that a long message does not travel to it.
/// </summary>
internal sealed class RsaScheme(KeyAlgorithm algorithm, int bits) : KeyScheme(
    algorithm, Pkcs11.CKK_RSA, Pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, PssWithSha256, bits / 8, HashAlgorithmName.SHA256)
{
    private const string RsaEncryption = "1.2.840.113549.1.1.1";

    private static readonly byte[] PublicExponent = [0x01, 0x00, 0x01];

    private static SigningMechanism PssWithSha256 => new(Pkcs11.CKM_RSA_PKCS_PSS, new CK_RSA_PKCS_PSS_PARAMS
    {
        HashMechanism = Pkcs11.CKM_SHA256,
        MaskGeneration = Pkcs11.CKG_MGF1_SHA256,
        SaltLength = SHA256.HashSizeInBytes,
    });

    public static (KeyScheme Scheme, byte[] PublicKey)? Read(SessionHandle session, nuint publicKey, IEnumerable<RsaScheme> schemes)
    {
        BigInteger modulus = new(session.Read(publicKey, Pkcs11.CKA_MODULUS), isUnsigned: true, isBigEndian: true);
        BigInteger exponent = new(session.Read(publicKey, Pkcs11.CKA_PUBLIC_EXPONENT), isUnsigned: true, isBigEndian: true);
        RsaScheme? scheme = schemes.FirstOrDefault(scheme => scheme.Bits == modulus.GetBitLength());
        return scheme is null ? null : (scheme, SubjectPublicKeyInfo(modulus, exponent));
    }

    private int Bits => bits;

    public override AttributeTemplate Describe(AttributeTemplate publicKey) =>
        publicKey.Add(Pkcs11.CKA_MODULUS_BITS, (nuint)bits).Add(Pkcs11.CKA_PUBLIC_EXPONENT, PublicExponent);

    /// <summary>RFC 3279 section 2.3.1.</summary>
    private static byte[] SubjectPublicKeyInfo(BigInteger modulus, BigInteger exponent)
    {
        var key = new AsnWriter(AsnEncodingRules.DER);
        using (key.PushSequence())
        {
            key.WriteInteger(modulus);
            key.WriteInteger(exponent);
        }

        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(RsaEncryption);
                writer.WriteNull();
            }

            writer.WriteBitString(key.Encode());
        }

        return writer.Encode();
    }
}
