namespace Fota.Manifest.Keys;

/// <summary>
/// A key's name: the SHA-256 of its SubjectPublicKeyInfo (RFC 5280 section 4.1). It stands as COSE `kid` and as TUF `keyid`. It is a hint
/// where to look, never a proof: thresholds count distinct public keys, whatever they are called (A11).
/// </summary>
public sealed record KeyId(Sha256Digest Thumbprint)
{
    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => Thumbprint.ToString();
}
