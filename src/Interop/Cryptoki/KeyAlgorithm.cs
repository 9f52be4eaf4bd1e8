namespace Fota.Interop.Cryptoki;

/// <summary>What a token key signs with. Zero is no algorithm, so that a forgotten one is noticed.</summary>
public enum KeyAlgorithm
{
    /// <summary>ECDSA on P-256; messages are hashed with SHA-256.</summary>
    EcdsaP256 = 1,

    /// <summary>Ed25519 (RFC 8032), the message itself is signed.</summary>
    Ed25519 = 2,

    /// <summary>ECDSA on P-384; messages are hashed with SHA-384.</summary>
    EcdsaP384 = 3,

    /// <summary>RSASSA-PSS, 3072 bits: SHA-256, MGF1 with SHA-256, a salt of 32 bytes (RFC 8017 section 8.1).</summary>
    RsaPss3072 = 4,

    /// <summary>RSASSA-PSS, 4096 bits, else as <see cref="RsaPss3072"/>.</summary>
    RsaPss4096 = 5,
}
