using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest.Keys;
using Fota.Signer.Journal;
using Fota.Signer.Keys;

namespace Fota.Signer.Authority;

/// <summary>Lets .NET build certificates whose signature is made on a token and stands in the journal.</summary>
internal sealed class TokenSignatureGenerator(JournalledSigner signer, ITokenKey key, string subject) : X509SignatureGenerator
{
    private const string EcdsaWithSha256 = "1.2.840.10045.4.3.2";

    public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm)
    {
        DemandSha256(hashAlgorithm);
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(EcdsaWithSha256);
        }

        return writer.Encode();
    }

    public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm)
    {
        DemandSha256(hashAlgorithm);
        return EcdsaSignatureFormat.ToDer(signer.Sign(key, SigningPurpose.Certificate, subject, data));
    }

    protected override PublicKey BuildPublicKey() => PublicKey.CreateFromSubjectPublicKeyInfo(key.PublicKey.SubjectPublicKeyInfo.Span, out _);

    private static void DemandSha256(HashAlgorithmName hashAlgorithm)
    {
        if (hashAlgorithm != HashAlgorithmName.SHA256)
        {
            throw new NotSupportedException($"certificates are signed over SHA-256, not {hashAlgorithm}");
        }
    }
}
