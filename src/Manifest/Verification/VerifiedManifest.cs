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

    /// <summary>Verifies <paramref name="envelope"/> against <paramref name="anchors"/> (docs/spec/manifest.md, "Verification").</summary>
    public static Verdict<VerifiedManifest> Verify(SignedEnvelope envelope, RoleKeys anchors)
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

            KeyId[] signers = [.. anchors.Keys.Where(envelope.IsSignedBy).Select(static k => k.Id)];
            if (signers.Length < anchors.Threshold)
            {
                throw new RejectedException(RejectionReason.ThresholdNotMet, $"envelope: wanted valid signatures by {anchors.Threshold} distinct trusted keys, got {signers.Length}");
            }

            UpdateManifest content = ManifestDecoder.Decode(envelope.Parts.Manifest);
            RequireProfile(envelope.Parts);
            return new VerifiedManifest(envelope, digest, content, signers);
        });
    }

    private static void RequireSigned(SignedEnvelope envelope)
    {
        if (envelope.Parts.Blocks.FirstOrDefault(static block => block.Kind != CoseKind.Sign1) is { } other)
        {
            other.RequireProfile("authentication");
        }

        if (envelope.Signatures.Count == 0)
        {
            throw new RejectedException(RejectionReason.NoSignatures, "envelope: wanted signatures, got none");
        }
    }

    private static void RequireProfile(EnvelopeParts parts)
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

        if (parts.Elements.Count > 0)
        {
            throw ManifestDecoder.Unsupported($"envelope: element {parts.Elements[0]}");
        }
    }
}
