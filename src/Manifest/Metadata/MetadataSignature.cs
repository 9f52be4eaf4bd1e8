using Fota.Manifest.Keys;

namespace Fota.Manifest.Metadata;

/// <summary>A signature as it stands in a metadata file, believed by nobody.</summary>
/// <param name="Key">Which key is said to have made it: a hint where to look.</param>
/// <param name="Signature">As TUF writes it: DER for ECDSA, 64 bytes for Ed25519, as long as the modulus for RSA.</param>
public sealed record MetadataSignature(MetadataKeyId Key, ReadOnlyMemory<byte> Signature)
{
    /// <summary>From the bytes that a token returns: for ECDSA r and s, of fixed length.</summary>
    public static MetadataSignature From(VerificationKey key, ReadOnlySpan<byte> fixedForm)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new(MetadataKeyId.Of(key), EcdsaSignatureFormat.FixedSizeOf(key.Algorithm) > 0 ? EcdsaSignatureFormat.ToDer(fixedForm) : fixedForm.ToArray());
    }

    /// <summary>If it is <paramref name="key"/>'s and ECDSA, that of the two which are as good whose s is in the lower half of the order; else itself.</summary>
    internal MetadataSignature InOneForm(VerificationKey key, ReadOnlySpan<byte> message)
    {
        byte[] fixedForm = new byte[EcdsaSignatureFormat.FixedSizeOf(key.Algorithm)];
        return fixedForm.Length > 0 && IsBy(key, message) && EcdsaSignatureFormat.TryFromDer(Signature, fixedForm) ? From(key, EcdsaSignatureFormat.Lowered(fixedForm)) : this;
    }

    /// <summary>Whether it is <paramref name="key"/>'s over <paramref name="message"/>. The key decides on the algorithm (A24).</summary>
    public bool IsBy(VerificationKey key, ReadOnlySpan<byte> message)
    {
        ArgumentNullException.ThrowIfNull(key);
        int size = EcdsaSignatureFormat.FixedSizeOf(key.Algorithm);
        if (size == 0)
        {
            return key.IsSignatureOver(message, Signature.Span);
        }

        byte[] fixedForm = new byte[size];
        return EcdsaSignatureFormat.TryFromDer(Signature, fixedForm) && key.IsSignatureOver(message, fixedForm);
    }
}
