using System.Security.Cryptography;

namespace Fota.Interop.Cryptoki;

/// <summary>How one algorithm is spelled in Cryptoki and in X.509.</summary>
internal abstract class KeyScheme(KeyAlgorithm algorithm, nuint keyType, nuint generationMechanism, SigningMechanism signing, int signatureLength, HashAlgorithmName? hash)
{
    public KeyAlgorithm Algorithm => algorithm;

    public nuint KeyType => keyType;

    public nuint GenerationMechanism => generationMechanism;

    public SigningMechanism Signing => signing;

    /// <summary>In bytes; ECDSA's is r||s.</summary>
    public int SignatureLength => signatureLength;

    /// <summary>What messages are hashed with before they go to the token; null when the token signs the message itself.</summary>
    public HashAlgorithmName? Hash => hash;

    /// <summary>Adds to a template for key generation what makes it a key of this algorithm.</summary>
    public abstract AttributeTemplate Describe(AttributeTemplate publicKey);
}
