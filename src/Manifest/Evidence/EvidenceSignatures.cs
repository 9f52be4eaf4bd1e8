using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;

namespace Fota.Manifest.Evidence;

/// <summary>
/// Signatures of what no digest names: roots and the timestamp. Evidence has them in one form, else a byte of them could be changed: of an ECDSA signature (r, s) anybody makes (r, n - s),
/// which verifies as well, and their order is nobody's word.
/// </summary>
public static class EvidenceSignatures
{
    /// <summary>The file with its signatures as evidence has them: in the order of their key ids, and of each that is valid and ECDSA, s in the lower half of the order. What was signed stays.</summary>
    /// <param name="file">The metadata.</param>
    /// <param name="keys">The keys of its role.</param>
    public static byte[] InOneForm(SignedMetadata file, IReadOnlyList<VerificationKey> keys)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(keys);
        return SignedMetadata.Assemble(file.SignedBytes.Span, file.Signatures.OrderBy(static signature => signature.Key.Text, StringComparer.Ordinal).Select(InOne));

        MetadataSignature InOne(MetadataSignature signature) =>
            keys.FirstOrDefault(key => MetadataKeyId.Of(key) == signature.Key) is { } key ? signature.InOneForm(key, file.SignedBytes.Span) : signature;
    }
}
