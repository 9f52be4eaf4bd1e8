using Fota.Interop.OpenSsl;

namespace Fota.Manifest.Keys;

/// <summary>Ed25519 (RFC 8032, pure); signatures are 64 bytes.</summary>
internal sealed class Ed25519Key : VerificationKey
{
    public const string AlgorithmOid = "1.3.101.112";

    private const long EdDsa = -8; // RFC 9053 section 2.2: the algorithm without the curve, which the key supplies

    private const int PublicKeySize = 32;

    private readonly byte[] _publicKey;

    public Ed25519Key(ReadOnlyMemory<byte> subjectPublicKeyInfo)
        : base(SignatureAlgorithm.Ed25519, subjectPublicKeyInfo.ToArray())
    {
        // RFC 8410 section 4: the encoding is one constant prefix and the 32 bytes.
        if (!subjectPublicKeyInfo.Span.StartsWith(Prefix) || subjectPublicKeyInfo.Length != Prefix.Length + PublicKeySize)
        {
            throw new RejectedException(RejectionReason.UnsupportedKey, $"an Ed25519 public key: wanted {Prefix.Length + PublicKeySize} bytes of SubjectPublicKeyInfo, got {subjectPublicKeyInfo.Length}");
        }

        _publicKey = subjectPublicKeyInfo[Prefix.Length..].ToArray();
        if (EdwardsPoint.IsNonCanonical(_publicKey) || EdwardsPoint.IsOfLowOrder(_publicKey))
        {
            throw new RejectedException(RejectionReason.UnsupportedKey, "an Ed25519 public key: wanted a canonical encoding of a point that is not of low order");
        }
    }

    /// <summary>The DER that precedes the 32 bytes of every Ed25519 SubjectPublicKeyInfo.</summary>
    internal static ReadOnlySpan<byte> Prefix => [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

    /// <summary>The 32 bytes of the public key.</summary>
    internal ReadOnlySpan<byte> PublicKey => _publicKey;

    public override bool IsSignatureOver(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) => Ed25519.Verify(_publicKey, message, signature);

    private protected override bool HasSecondName(long coseAlgorithm) => coseAlgorithm == EdDsa;
}
