using System.Security.Cryptography;

namespace Fota.Manifest.Keys;

/// <summary>ECDSA on NIST P-256 with SHA-256; signatures are r and s, 32 bytes each (IEEE P1363).</summary>
internal sealed class EcdsaP256Key : VerificationKey
{
    public const string AlgorithmOid = "1.2.840.10045.2.1";

    private const string CurveOid = "1.2.840.10045.3.1.7";

    private readonly ECDsa _key;

    public EcdsaP256Key(ReadOnlyMemory<byte> subjectPublicKeyInfo)
        : this(Import(subjectPublicKeyInfo))
    {
    }

    // The id is made of the re-exported key: one key, one encoding, so that a compressed point is not a second key (A11).
    private EcdsaP256Key(ECDsa key)
        : base(SignatureAlgorithm.Esp256, key.ExportSubjectPublicKeyInfo()) => _key = key;

    public override bool IsSignatureOver(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        signature.Length == EcdsaSignatureFormat.FixedSize
        && _key.VerifyData(message, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    private static ECDsa Import(ReadOnlyMemory<byte> subjectPublicKeyInfo)
    {
        ECDsa key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(subjectPublicKeyInfo.Span, out int read);
            string? curve = key.ExportParameters(includePrivateParameters: false).Curve.Oid?.Value; // explicit parameters have no name
            if (read == subjectPublicKeyInfo.Length && string.Equals(curve, CurveOid, StringComparison.Ordinal))
            {
                return key;
            }
        }
        catch (CryptographicException)
        {
            // Falls through to the one refusal below.
        }

        key.Dispose();
        throw new RejectedException(RejectionReason.UnsupportedKey, "an EC public key: wanted a point on P-256 and nothing after it");
    }
}
