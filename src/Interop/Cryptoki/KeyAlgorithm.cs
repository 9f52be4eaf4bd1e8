namespace Fota.Interop.Cryptoki;

/// <summary>What a token key signs with. Zero is no algorithm, so that a forgotten one is noticed.</summary>
public enum KeyAlgorithm
{
    /// <summary>ECDSA on P-256; messages are hashed with SHA-256.</summary>
    EcdsaP256 = 1,

    /// <summary>Ed25519 (RFC 8032), the message itself is signed.</summary>
    Ed25519 = 2,
}
