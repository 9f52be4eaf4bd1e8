using System.Security.Cryptography;

namespace Fota.Manifest.Keys;

/// <summary>ECDSA on a NIST curve with the hash of its strength; signatures are r and s, each as long as the curve's order (IEEE P1363).</summary>
internal sealed class EcdsaKey : VerificationKey
{
    public const string AlgorithmOid = "1.2.840.10045.2.1";

    // RFC 9864 names curve and hash; RFC 9053 section 2.1 names the hash alone (ES256, ES384). On one key both are the same computation.
    private static readonly Suite[] s_suites =
    [
        new("1.2.840.10045.3.1.7", SignatureAlgorithm.Esp256, HashAlgorithmName.SHA256, SecondName: -7),
        new("1.3.132.0.34", SignatureAlgorithm.Esp384, HashAlgorithmName.SHA384, SecondName: -35),
    ];

    private readonly ECDsa _key;
    private readonly Suite _suite;

    public EcdsaKey(ReadOnlyMemory<byte> subjectPublicKeyInfo)
        : this(Import(subjectPublicKeyInfo))
    {
    }

    // The id is made of the re-exported key: one key, one encoding, so that a compressed point is not a second key (A11).
    private EcdsaKey((ECDsa Key, Suite Suite) imported)
        : base(imported.Suite.Algorithm, imported.Key.ExportSubjectPublicKeyInfo()) => (_key, _suite) = imported;

    public override bool IsSignatureOver(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        signature.Length == EcdsaSignatureFormat.FixedSizeOf(Algorithm)
        && _key.VerifyData(message, signature, _suite.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    private protected override bool HasSecondName(long coseAlgorithm) => coseAlgorithm == _suite.SecondName;

    private static (ECDsa Key, Suite Suite) Import(ReadOnlyMemory<byte> subjectPublicKeyInfo)
    {
        ECDsa key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(subjectPublicKeyInfo.Span, out int read);
            string? curve = key.ExportParameters(includePrivateParameters: false).Curve.Oid?.Value; // explicit parameters have no name
            Suite? suite = Array.Find(s_suites, known => string.Equals(known.CurveOid, curve, StringComparison.Ordinal));
            if (read == subjectPublicKeyInfo.Length && suite is not null)
            {
                return (key, suite);
            }
        }
        catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException)
        {
            // The second is what the framework says to a curve it does not know. Falls through to the one refusal below.
        }

        key.Dispose();
        throw new RejectedException(RejectionReason.UnsupportedKey, "an EC public key: wanted a point on P-256 or P-384 and nothing after it");
    }

    private sealed record Suite(string CurveOid, SignatureAlgorithm Algorithm, HashAlgorithmName Hash, long SecondName);
}
