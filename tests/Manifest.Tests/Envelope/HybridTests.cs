using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Envelope;

/// <summary>Classical AND hash-based: whoever breaks one kind of signature has not broken the release.</summary>
[Proves("M-16")]
public sealed class HybridTests
{
    private static readonly SoftwareKey s_engineer = SoftwareKey.EcdsaP256(), s_approver = SoftwareKey.Ed25519(), s_vault = SoftwareKey.HashBased(), s_otherVault = SoftwareKey.HashBased();

    private static readonly RoleKeys s_classical = new([s_engineer.PublicKey, s_approver.PublicKey], 2);

    private static readonly SampleRelease s_release = SampleRelease.Create();

    [Test]
    public void A_release_that_both_kinds_signed_is_verified()
    {
        VerifiedManifest manifest = Verify(Hybrid(), s_engineer, s_approver, s_vault).IsAccepted();

        Assert.That(manifest.Signers, Is.EquivalentTo(new[] { s_engineer.PublicKey.Id, s_approver.PublicKey.Id, s_vault.PublicKey.Id }));
    }

    [Test]
    public void A09_Without_the_hash_based_signature_it_is_refused() => Verify(Hybrid(), s_engineer, s_approver).IsRefusedFor(RejectionReason.ThresholdNotMet);

    [Test]
    public void A09_With_the_hash_based_signature_alone_it_is_refused() => Verify(Hybrid(), s_vault).IsRefusedFor(RejectionReason.ThresholdNotMet);

    [Test]
    public void A09_Hash_based_signature_does_not_stand_in_for_a_classical_one() => Verify(Hybrid(), s_engineer, s_vault).IsRefusedFor(RejectionReason.ThresholdNotMet);

    [Test]
    public void A01_Hash_based_signature_of_a_stranger_is_refused() => Verify(Hybrid(), s_engineer, s_approver, s_otherVault).IsRefusedFor(RejectionReason.ThresholdNotMet);

    [Test]
    public void A09_A_threshold_of_two_hash_based_keys_takes_two()
    {
        ReleaseAnchors two = ReleaseAnchors.Hybrid(s_classical, new RoleKeys([s_vault.PublicKey, s_otherVault.PublicKey], 2));

        Verify(two, s_engineer, s_approver, s_vault).IsRefusedFor(RejectionReason.ThresholdNotMet);
        Verify(two, s_engineer, s_approver, s_vault, s_otherVault).IsAccepted();
    }

    [Test]
    public void A_product_without_hash_based_anchors_takes_a_release_that_has_such_a_signature() => Verify(ReleaseAnchors.Classical(s_classical), s_engineer, s_approver, s_vault).IsAccepted();

    [Test]
    public void A11_A_hash_based_key_among_the_classical_ones_is_refused() =>
        IsUnsupported(static () => ReleaseAnchors.Classical(new RoleKeys([s_engineer.PublicKey, s_vault.PublicKey], 2)));

    [Test]
    public void A24_A_classical_key_among_the_hash_based_ones_is_refused() => IsUnsupported(static () => ReleaseAnchors.Hybrid(s_classical, new RoleKeys([s_engineer.PublicKey], 1)));

    [Test]
    public void A23_A_bit_flipped_in_any_byte_of_a_hybrid_envelope_is_refused()
    {
        byte[] envelope = s_release.SignedBy(s_engineer, s_approver, s_vault).Bytes.ToArray();
        for (int at = 0; at < envelope.Length; at++)
        {
            byte[] flipped = [.. envelope];
            flipped[at] ^= (byte)(1 << (at % 8));
            bool accepted = SignedEnvelope.Decode(flipped).IsAccepted(out SignedEnvelope? read, out _) && VerifiedManifest.Verify(read, Hybrid()).IsAccepted(out _, out _);
            Assert.That(accepted, Is.False, $"byte {at}");
        }
    }

    [Test]
    public void A06_An_envelope_has_room_for_the_largest_hash_based_signatures() =>
        Assert.That(Fota.Manifest.Encoding.DecodeLimits.EnvelopeBytes, Is.GreaterThan(4 * 3 * (8 + (266 * 32) + (25 * 32) + 60)));

    private static ReleaseAnchors Hybrid() => ReleaseAnchors.Hybrid(s_classical, new RoleKeys([s_vault.PublicKey], 1));

    private static Verdict<VerifiedManifest> Verify(ReleaseAnchors anchors, params SoftwareKey[] keys) => VerifiedManifest.Verify(s_release.SignedBy(keys), anchors);

    private static void IsUnsupported(Func<ReleaseAnchors> make) =>
        Assert.That(() => make(), Throws.TypeOf<RejectedException>().With.Property("Rejection").Property("Reason").EqualTo(RejectionReason.UnsupportedKey));
}
