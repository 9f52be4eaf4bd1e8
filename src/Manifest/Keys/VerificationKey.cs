using System.Formats.Asn1;
using System.Security.Cryptography;
using Fota.Manifest.Keys.HashBased;

namespace Fota.Manifest.Keys;

/// <summary>A public key that is trusted for something, with the one algorithm it is used with.</summary>
public abstract class VerificationKey : IEquatable<VerificationKey>
{
    private readonly byte[] _subjectPublicKeyInfo;

    private protected VerificationKey(SignatureAlgorithm algorithm, byte[] subjectPublicKeyInfo)
    {
        Algorithm = algorithm;
        _subjectPublicKeyInfo = subjectPublicKeyInfo;
        Id = new KeyId(Sha256Digest.Of(subjectPublicKeyInfo));
    }

    /// <summary>The only algorithm this key is used with, by the number it signs under.</summary>
    public SignatureAlgorithm Algorithm { get; }

    /// <summary>The SHA-256 of <see cref="SubjectPublicKeyInfo"/>.</summary>
    public KeyId Id { get; }

    /// <summary>The key as DER (RFC 5280).</summary>
    public ReadOnlyMemory<byte> SubjectPublicKeyInfo => _subjectPublicKeyInfo;

    /// <summary>Reads a DER SubjectPublicKeyInfo: ECDSA on P-256 or P-384, Ed25519, RSA (for PSS with SHA-256), HSS/LMS, ML-DSA.</summary>
    /// <exception cref="RejectedException">Not such a key.</exception>
    public static VerificationKey FromSubjectPublicKeyInfo(ReadOnlyMemory<byte> der)
    {
        string algorithm;
        try
        {
            AsnReader info = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
            algorithm = info.ReadSequence().ReadObjectIdentifier();
        }
        catch (AsnContentException)
        {
            throw new RejectedException(RejectionReason.UnsupportedKey, "a public key: wanted a DER SubjectPublicKeyInfo, got something else");
        }

        return algorithm switch
        {
            EcdsaKey.AlgorithmOid => new EcdsaKey(der),
            Ed25519Key.AlgorithmOid => new Ed25519Key(der),
            RsaPssKey.AlgorithmOid => new RsaPssKey(der),
            HssLmsKey.AlgorithmOid => new HssLmsKey(der),
            MlDsaKey.AlgorithmOid44 or MlDsaKey.AlgorithmOid65 or MlDsaKey.AlgorithmOid87 => new MlDsaKey(der),
            _ => throw new RejectedException(RejectionReason.UnsupportedKey, $"a public key: wanted ECDSA on P-256 or P-384, Ed25519, RSA, HSS/LMS or ML-DSA, got algorithm {algorithm}"),
        };
    }

    /// <summary>Reads a PEM block "PUBLIC KEY".</summary>
    /// <exception cref="RejectedException">Not such a block, or not a supported key.</exception>
    public static VerificationKey FromPem(string pem)
    {
        if (!PemEncoding.TryFind(pem, out PemFields fields) || pem[fields.Label] is not "PUBLIC KEY")
        {
            throw new RejectedException(RejectionReason.UnsupportedKey, "a public key: wanted a PEM block \"PUBLIC KEY\", got none");
        }

        return FromSubjectPublicKeyInfo(Convert.FromBase64String(pem[fields.Base64Data]));
    }

    /// <summary>The key as a PEM block "PUBLIC KEY", with a final line feed.</summary>
    public string ToPem() => PemEncoding.WriteString("PUBLIC KEY", _subjectPublicKeyInfo) + "\n";

    /// <summary>
    /// Whether a message that names <paramref name="coseAlgorithm"/> may be by this key: the number is <see cref="Algorithm"/>, or a second
    /// name of the very same computation (as ES256 is of ESP256 on a P-256 key). The set is the key's and closed: no message widens it (A24).
    /// </summary>
    public bool Accepts(long coseAlgorithm) => coseAlgorithm == (long)Algorithm || HasSecondName(coseAlgorithm);

    /// <summary>Whether <paramref name="signature"/>, in COSE's form (ECDSA: fixed length, no DER), is this key's over <paramref name="message"/>.</summary>
    public abstract bool IsSignatureOver(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature);

    private protected virtual bool HasSecondName(long coseAlgorithm) => false;

    /// <summary>Two keys are one if their public keys are, whatever ids they were given (A11).</summary>
    public bool Equals(VerificationKey? other) => other is not null && Id == other.Id;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as VerificationKey);

    /// <inheritdoc/>
    public override int GetHashCode() => Id.GetHashCode();
}
