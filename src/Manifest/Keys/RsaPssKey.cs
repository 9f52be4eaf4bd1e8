using System.Security.Cryptography;

namespace Fota.Manifest.Keys;

/// <summary>
/// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes (RFC 8017 section 8.1): TUF's "rsassa-pss-sha256" and COSE's PS256
/// (RFC 8230) are this one computation. Signatures are as long as the modulus.
/// </summary>
internal sealed class RsaPssKey : VerificationKey
{
    public const string AlgorithmOid = "1.2.840.113549.1.1.1";

    private const int MinBits = 2048, MaxBits = 8192;

    // A verification takes time with the exponent's length; every key that is in use has 65537.
    private const int MaxExponentBytes = 8;

    private readonly RSA _key;

    public RsaPssKey(ReadOnlyMemory<byte> subjectPublicKeyInfo)
        : this(Import(subjectPublicKeyInfo))
    {
    }

    private RsaPssKey(RSA key)
        : base(SignatureAlgorithm.Ps256, key.ExportSubjectPublicKeyInfo()) => _key = key;

    /// <summary>Length of the modulus.</summary>
    public int Bits => _key.KeySize;

    public override bool IsSignatureOver(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        signature.Length == (_key.KeySize + 7) / 8
        && _key.VerifyData(message, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pss); // salt: as long as the hash

    private static RSA Import(ReadOnlyMemory<byte> subjectPublicKeyInfo)
    {
        RSA key = RSA.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(subjectPublicKeyInfo.Span, out int read);
            if (read == subjectPublicKeyInfo.Length && key.KeySize is >= MinBits and <= MaxBits && HasExponentInRange(key))
            {
                return key;
            }
        }
        catch (CryptographicException)
        {
            // Falls through to the one refusal below.
        }

        key.Dispose();
        throw new RejectedException(RejectionReason.UnsupportedKey, $"an RSA public key: wanted {MinBits} to {MaxBits} bits, an odd exponent of at most {8 * MaxExponentBytes} bits above 1, and nothing after it");
    }

    private static bool HasExponentInRange(RSA key)
    {
        byte[] exponent = key.ExportParameters(includePrivateParameters: false).Exponent!;
        return exponent.Length <= MaxExponentBytes && (exponent[^1] & 1) == 1 && exponent is not [1];
    }
}
