using System.Formats.Asn1;
using System.Security.Cryptography;

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

    /// <summary>The only algorithm this key is used with.</summary>
    public SignatureAlgorithm Algorithm { get; }

    /// <summary>The SHA-256 of <see cref="SubjectPublicKeyInfo"/>.</summary>
    public KeyId Id { get; }

    /// <summary>The key as DER (RFC 5280).</summary>
    public ReadOnlyMemory<byte> SubjectPublicKeyInfo => _subjectPublicKeyInfo;

    /// <summary>Reads a DER SubjectPublicKeyInfo of a P-256 or Ed25519 key.</summary>
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
            EcdsaP256Key.AlgorithmOid => new EcdsaP256Key(der),
            Ed25519Key.AlgorithmOid => new Ed25519Key(der),
            _ => throw new RejectedException(RejectionReason.UnsupportedKey, $"a public key: wanted ECDSA P-256 or Ed25519, got algorithm {algorithm}"),
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

    /// <summary>Whether <paramref name="signature"/>, in the fixed-length form of COSE (64 bytes), is this key's over <paramref name="message"/>.</summary>
    public abstract bool IsSignatureOver(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature);

    /// <summary>Two keys are one if their public keys are, whatever ids they were given (A11).</summary>
    public bool Equals(VerificationKey? other) => other is not null && Id == other.Id;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as VerificationKey);

    /// <inheritdoc/>
    public override int GetHashCode() => Id.GetHashCode();
}
