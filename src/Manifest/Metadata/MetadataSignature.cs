using Fota.Manifest.Keys;

namespace Fota.Manifest.Metadata;

/// <summary>A signature as it stands in a metadata file, believed by nobody.</summary>
/// <param name="Key">Which key is said to have made it: a hint where to look.</param>
/// <param name="Signature">As TUF writes it: DER for ECDSA, 64 bytes for Ed25519.</param>
public sealed record MetadataSignature(KeyId Key, ReadOnlyMemory<byte> Signature)
{
    /// <summary>From the 64 bytes that a token returns.</summary>
    public static MetadataSignature From(VerificationKey key, ReadOnlySpan<byte> fixedForm)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new(key.Id, key.Algorithm == SignatureAlgorithm.Esp256 ? EcdsaSignatureFormat.ToDer(fixedForm) : fixedForm.ToArray());
    }

    /// <summary>Whether it is <paramref name="key"/>'s over <paramref name="message"/>. The key decides on the algorithm (A24).</summary>
    internal bool IsBy(VerificationKey key, ReadOnlySpan<byte> message)
    {
        if (key.Algorithm != SignatureAlgorithm.Esp256)
        {
            return key.IsSignatureOver(message, Signature.Span);
        }

        Span<byte> fixedForm = stackalloc byte[EcdsaSignatureFormat.FixedSize];
        return EcdsaSignatureFormat.TryFromDer(Signature, fixedForm) && key.IsSignatureOver(message, fixedForm);
    }
}
