namespace Fota.Manifest.Keys;

/// <summary>A COSE signature algorithm, by its number in the IANA registry "COSE Algorithms". It is a property of the trusted key (A24).</summary>
public enum SignatureAlgorithm
{
    /// <summary>No algorithm.</summary>
    None = 0,

    /// <summary>ECDSA on P-256 with SHA-256 (RFC 9864): what we sign with.</summary>
    Esp256 = -9,

    /// <summary>Ed25519 (RFC 8032, RFC 9864).</summary>
    Ed25519 = -19,

    /// <summary>RSASSA-PSS with SHA-256 and a salt of 32 bytes (RFC 8230).</summary>
    Ps256 = -37,

    /// <summary>ECDSA on P-384 with SHA-384 (RFC 9864).</summary>
    Esp384 = -51,

    /// <summary>HSS/LMS, hash-based (RFC 8554, RFC 8778, RFC 9858).</summary>
    HssLms = -46,

    /// <summary>ML-DSA-44 (FIPS 204).</summary>
    MlDsa44 = -48,

    /// <summary>ML-DSA-65 (FIPS 204).</summary>
    MlDsa65 = -49,

    /// <summary>ML-DSA-87 (FIPS 204).</summary>
    MlDsa87 = -50,
}
