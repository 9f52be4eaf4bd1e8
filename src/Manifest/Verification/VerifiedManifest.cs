using Fota.Manifest.Encoding;
using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;

namespace Fota.Manifest.Verification;

/// <summary>
/// A manifest that a threshold of distinct trusted keys signed, in our profile. The type is the proof: <see cref="Verify"/> is its only maker.
/// Whether it applies to a device is the next question, answered by <see cref="AdmittedManifest"/>.
/// </summary>
public sealed class VerifiedManifest
{
    private VerifiedManifest(SignedEnvelope envelope, Sha256Digest digest, UpdateManifest content, IReadOnlyList<KeyId> signers)
    {
        Envelope = envelope;
        Digest = digest;
        Content = content;
        Signers = signers;
    }

    /// <summary>What the release says.</summary>
    public UpdateManifest Content { get; }

    /// <summary>The SUIT manifest digest: the release's identity in reports and approvals.</summary>
    public Sha256Digest Digest { get; }

    /// <summary>The envelope it came in.</summary>
    public SignedEnvelope Envelope { get; }

    /// <summary>The distinct trusted keys whose signatures are valid; at least the threshold.</summary>
    public IReadOnlyList<KeyId> Signers { get; }

    /// <summary>Every image that the release lists, in the order of installation.</summary>
    public IReadOnlyList<ListedImage> Images => ListedImage.All(this);

    /// <summary>The images for a device that installs into <paramref name="slot"/>, in the order of installation.</summary>
    public IReadOnlyList<ListedImage> ImagesFor(ImageSlot slot) => [.. Images.Where(image => image.Slot is null || image.Slot == slot)];

    /// <summary>Verifies <paramref name="envelope"/> against <paramref name="anchors"/> (docs/spec/manifest.md, "Verification").</summary>
    public static Verdict<VerifiedManifest> Verify(SignedEnvelope envelope, ReleaseAnchors anchors)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        ArgumentNullException.ThrowIfNull(anchors);
        return Verdict.Of(() =>
        {
            RequireSigned(envelope);

            // The digest is compared before any signature over it is worth checking; both are over raw bytes.
            Sha256Digest digest = envelope.ComputeDigest();
            if (digest != envelope.ClaimedDigest)
            {
                throw new RejectedException(RejectionReason.DigestMismatch, $"manifest digest: wanted {envelope.ClaimedDigest}, got {digest}");
            }

            KeyId[] signers = RequireThreshold(envelope, anchors.Keys, "trusted");
            if (anchors.HashBased.Keys is { } hashBased)
            {
                signers = [.. signers, .. RequireThreshold(envelope, hashBased, "hash-based")];
            }

            UpdateManifest content = ManifestDecoder.Decode(envelope.Parts);
            RequireProfile(envelope.Parts, content);
            return new VerifiedManifest(envelope, digest, content, signers);
        });
    }

    private static KeyId[] RequireThreshold(SignedEnvelope envelope, RoleKeys keys, string which)
    {
        KeyId[] signers = [.. keys.Keys.Where(key => envelope.Signatures.Any(signature => signature.MayBeBy(key) && signature.IsBy(key, envelope.Parts.Digest.Span))).Select(static key => key.Id)];
        return signers.Length >= keys.Threshold
            ? signers
            : throw new RejectedException(RejectionReason.ThresholdNotMet, $"envelope: wanted valid signatures by {keys.Threshold} distinct {which} keys, got {signers.Length}");
    }

    private static void RequireSigned(SignedEnvelope envelope)
    {
        foreach (CoseMessage block in envelope.Parts.Blocks)
        {
            block.RequireKind("authentication");
        }

        if (envelope.Signatures.Count == 0)
        {
            throw new RejectedException(RejectionReason.NoSignatures, "envelope: wanted signatures, got none");
        }
    }

    private static void RequireProfile(EnvelopeParts parts, UpdateManifest content)
    {
        if (!parts.IsTagged)
        {
            throw ManifestDecoder.Unsupported($"envelope: a map without CBOR tag {SuitNumbers.EnvelopeTag}");
        }

        DeterministicCbor.Require(parts.Bytes, "envelope");
        DeterministicCbor.Require(parts.Authentication.Span, "authentication");
        DeterministicCbor.Require(parts.Digest.Span, "manifest digest");
        foreach (CoseMessage block in parts.Blocks)
        {
            block.RequireProfile("signature");
            if (block.Payload is not null)
            {
                // Nobody signed it, and another processor would take it for what was signed (A20).
                throw new RejectedException(RejectionReason.UnknownField, "signature: wanted a detached payload, got one inside");
            }
        }

        // The text was compared with its digest when the manifest was decoded; any other element is signed by nobody.
        if (parts.Elements.FirstOrDefault(element => content.Text is null || element is not { Name: null, Number: SuitNumbers.Text }) is { } foreign)
        {
            throw ManifestDecoder.Unsupported($"envelope: element {foreign}");
        }
    }
}
