using System.Security.Cryptography;

#pragma warning disable SYSLIB5006 // import and export of ML-DSA keys are marked as experimental; this file is their only use

namespace Fota.Manifest.Keys;

/// <summary>ML-DSA (FIPS 204; COSE: draft-ietf-cose-dilithium; SubjectPublicKeyInfo: RFC 9881), with an empty context. It needs a libcrypto that has it: OpenSSL 3.5 or later.</summary>
internal sealed class MlDsaKey : VerificationKey
{
    public const string AlgorithmOid44 = "2.16.840.1.101.3.4.3.17", AlgorithmOid65 = "2.16.840.1.101.3.4.3.18", AlgorithmOid87 = "2.16.840.1.101.3.4.3.19";

    private readonly MLDsa _key;

    public MlDsaKey(ReadOnlyMemory<byte> subjectPublicKeyInfo)
        : this(Import(subjectPublicKeyInfo))
    {
    }

    private MlDsaKey(MLDsa key)
        : base(NameOf(key.Algorithm), key.ExportSubjectPublicKeyInfo()) => _key = key;

    public override bool IsSignatureOver(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        signature.Length == _key.Algorithm.SignatureSizeInBytes && _key.VerifyData(message, signature);

    private static MLDsa Import(ReadOnlyMemory<byte> subjectPublicKeyInfo)
    {
        if (!MLDsa.IsSupported)
        {
            throw new RejectedException(RejectionReason.UnsupportedKey, "an ML-DSA public key: wanted a libcrypto that has ML-DSA (OpenSSL 3.5 or later), got an older one on this machine");
        }

        try
        {
            return MLDsa.ImportSubjectPublicKeyInfo(subjectPublicKeyInfo.Span);
        }
        catch (CryptographicException)
        {
            throw new RejectedException(RejectionReason.UnsupportedKey, "an ML-DSA public key: wanted a SubjectPublicKeyInfo of ML-DSA-44, -65 or -87 and nothing after it");
        }
    }

    private static SignatureAlgorithm NameOf(MLDsaAlgorithm algorithm) =>
        algorithm == MLDsaAlgorithm.MLDsa44 ? SignatureAlgorithm.MlDsa44
        : algorithm == MLDsaAlgorithm.MLDsa65 ? SignatureAlgorithm.MlDsa65
        : SignatureAlgorithm.MlDsa87;
}
