using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Envelope;

public sealed class EnvelopeVerificationTests
{
    private readonly SoftwareKey _engineer = SoftwareKey.EcdsaP256();
    private readonly SoftwareKey _approver = SoftwareKey.Ed25519();
    private readonly SoftwareKey _stranger = SoftwareKey.EcdsaP256();
    private readonly SampleRelease _release = SampleRelease.Create();

    private RoleKeys Anchors => new([_engineer.PublicKey, _approver.PublicKey], 2);

    [Test]
    [Proves("M-7")]
    public void What_is_verified_is_what_was_received_and_not_what_we_would_have_written()
    {
        SoftwareKey key = SoftwareKey.EcdsaP256();
        SignedEnvelope envelope = SignedEnvelope.Begin(SampleRelease.Create().Manifest);
        byte[] longHeader = EnvelopeSurgery.WithForgedHeader(envelope, key, [0xa1, 0x01, 0x38, 0x08]);

        Assert.That(SignedEnvelope.Decode(longHeader).IsAccepted().IsSignedBy(key.PublicKey), Is.True, "the signature is over {1: -9} with -9 in two bytes");
    }

    [Test]
    [Proves("M-7")]
    public void The_digest_is_that_of_the_received_manifest_in_whatever_order_its_keys_stand()
    {
        SoftwareKey key = SoftwareKey.EcdsaP256();
        byte[] unsorted = [0xa2, 0x02, 0x05, 0x01, 0x01];

        Assert.That(SignedEnvelope.Decode(EnvelopeSurgery.Sign(unsorted, key)).IsAccepted().IsSignedBy(key.PublicKey), Is.True);
    }

    [Test]
    public void A_manifest_signed_by_both_keys_is_verified_and_says_what_was_signed()
    {
        VerifiedManifest manifest = Verify(_release.SignedBy(_engineer, _approver).Bytes.Span).IsAccepted();

        Assert.That(manifest.Content, Is.EqualTo(_release.Manifest));
        Assert.That(manifest.Signers, Is.EquivalentTo(new[] { _engineer.PublicKey.Id, _approver.PublicKey.Id }));
    }

    [Test]
    public void A_manifest_for_one_device_round_trips()
    {
        SampleRelease release = SampleRelease.Create(change: m => m with { DeviceId = NameBasedUuid.Device(SampleRelease.DeviceClass, "pump-0001") });

        Assert.That(Verify(release.SignedBy(_engineer, _approver).Bytes.Span).IsAccepted().Content, Is.EqualTo(release.Manifest));
    }

    [Test]
    public void A01_Manifest_signed_by_strangers_is_refused() =>
        Verify(_release.SignedBy(_stranger, SoftwareKey.Ed25519()).Bytes.Span).IsRefusedFor(RejectionReason.ThresholdNotMet);

    [Test]
    public void A09_P6_One_key_fewer_than_the_threshold_is_refused([Values] bool engineer) =>
        Verify(_release.SignedBy(engineer ? _engineer : _approver).Bytes.Span).IsRefusedFor(RejectionReason.ThresholdNotMet);

    [Test]
    public void A09_One_trusted_key_and_one_stranger_are_refused() =>
        Verify(_release.SignedBy(_engineer, _stranger).Bytes.Span).IsRefusedFor(RejectionReason.ThresholdNotMet);

    [Test]
    public void A11_Two_signatures_of_one_key_count_once()
    {
        // ECDSA is randomised: the same key gives two different, valid signatures.
        byte[] first = _release.SignedBy(_engineer).Bytes.ToArray();
        byte[] second = _release.SignedBy(_engineer).Bytes.ToArray();
        byte[] twice = EnvelopeSurgery.WithSignaturesOf(first, second);

        Assert.That(SignedEnvelope.Decode(twice).IsAccepted().Signatures, Has.Count.EqualTo(2));
        Verify(twice).IsRefusedFor(RejectionReason.ThresholdNotMet);
    }

    [Test]
    public void A11_One_key_listed_twice_cannot_reach_a_threshold_of_two() =>
        Assert.That(() => new RoleKeys([_engineer.PublicKey, VerificationKey.FromPem(_engineer.PublicKey.ToPem())], 2),
            Throws.TypeOf<RejectedException>().With.Property("Rejection").Property("Reason").EqualTo(RejectionReason.InvalidThreshold));

    [Test]
    public void A12_Threshold_below_one_is_refused([Values(0, -1)] int threshold) =>
        Assert.That(() => new RoleKeys([_engineer.PublicKey], threshold),
            Throws.TypeOf<RejectedException>().With.Property("Rejection").Property("Reason").EqualTo(RejectionReason.InvalidThreshold));

    [Test]
    public void A16_Empty_signature_list_is_refused() =>
        Verify(SignedEnvelope.Begin(_release.Manifest).Bytes.Span).IsRefusedFor(RejectionReason.NoSignatures);

    [Test]
    public void A16_Empty_signature_bytes_are_refused() =>
        Verify(EnvelopeSurgery.WithSignatureBytes(_release.SignedBy(_engineer, _approver).Bytes.ToArray(), [])).IsRefusedFor(RejectionReason.ThresholdNotMet);

    [Test]
    public void A18_Zero_signature_is_refused() =>
        Verify(EnvelopeSurgery.WithSignatureBytes(_release.SignedBy(_engineer, _approver).Bytes.ToArray(), new byte[64])).IsRefusedFor(RejectionReason.ThresholdNotMet);

    [Test]
    public void A24_Algorithm_that_is_not_the_keys_own_is_refused()
    {
        // The header claims Ed25519 for the engineer's P-256 key; the signature is over exactly that header.
        byte[] header = [0xa1, 0x01, 0x32];
        SignedEnvelope envelope = SignedEnvelope.Begin(_release.Manifest);
        byte[] forged = EnvelopeSurgery.WithForgedHeader(envelope, _engineer, header);

        Verify(forged, new RoleKeys([_engineer.PublicKey], 1)).IsRefusedFor(RejectionReason.ThresholdNotMet);
    }

    [Test]
    public void The_forged_header_helper_makes_valid_signatures_when_the_header_is_right()
    {
        byte[] header = [0xa1, 0x01, 0x28];
        byte[] genuine = EnvelopeSurgery.WithForgedHeader(SignedEnvelope.Begin(_release.Manifest), _engineer, header);

        Verify(genuine, new RoleKeys([_engineer.PublicKey], 1)).IsAccepted();
    }

    [Test]
    public void A20_Signature_without_a_key_id_is_refused() =>
        Verify(EnvelopeSurgery.WithForgedHeader(SignedEnvelope.Begin(_release.Manifest), _engineer, [0xa1, 0x01, 0x28], [0xa0]), new RoleKeys([_engineer.PublicKey], 1))
            .IsRefusedFor(RejectionReason.MissingField);

    [Test]
    public void A20_Signature_with_a_further_unprotected_header_is_refused()
    {
        byte[] unprotected = [0xa2, 0x04, 0x58, 0x20, .. _engineer.PublicKey.Id.Thumbprint.Bytes, 0x05, 0x00];

        Verify(EnvelopeSurgery.WithForgedHeader(SignedEnvelope.Begin(_release.Manifest), _engineer, [0xa1, 0x01, 0x28], unprotected), new RoleKeys([_engineer.PublicKey], 1))
            .IsRefusedFor(RejectionReason.UnknownField);
    }

    [Test]
    public void A20_Payload_that_nobody_signed_is_refused_although_the_signature_is_right() =>
        Verify(EnvelopeSurgery.WithForgedHeader(SignedEnvelope.Begin(_release.Manifest), _engineer, [0xa1, 0x01, 0x28], payload: "evil"u8.ToArray()), new RoleKeys([_engineer.PublicKey], 1))
            .IsRefusedFor(RejectionReason.UnknownField);

    [Test]
    public void Manifest_swapped_under_valid_signatures_is_refused()
    {
        byte[] other = SampleRelease.Create("9.9.9", sequence: 9).SignedBy(_engineer, _approver).Bytes.ToArray();

        Verify(EnvelopeSurgery.WithManifestOf(_release.SignedBy(_engineer, _approver).Bytes.ToArray(), other)).IsRefusedFor(RejectionReason.DigestMismatch);
    }

    [Test]
    public void A23_Every_truncation_of_a_signed_envelope_is_refused() =>
        Refusal.EveryTruncation(_release.SignedBy(_engineer, _approver).Bytes.ToArray(), IsAccepted);

    [Test]
    public void A23_Every_bit_flip_of_a_signed_envelope_is_refused() =>
        Refusal.EveryBitFlip(_release.SignedBy(_engineer, _approver).Bytes.ToArray(), IsAccepted);

    [Test]
    public void A22_Bytes_after_the_envelope_are_refused() =>
        SignedEnvelope.Decode([.. _release.SignedBy(_engineer, _approver).Bytes.Span, 0x00]).IsRefusedFor(RejectionReason.TrailingData);

    [Test]
    public void A06_Envelope_above_the_limit_is_refused() =>
        SignedEnvelope.Decode(new byte[Manifest.Encoding.DecodeLimits.EnvelopeBytes + 1]).IsRefusedFor(RejectionReason.LimitExceeded);

    private bool IsAccepted(byte[] bytes) =>
        SignedEnvelope.Decode(bytes).IsAccepted(out SignedEnvelope? envelope, out _) && VerifiedManifest.Verify(envelope, ReleaseAnchors.Classical(Anchors)).IsAccepted(out _, out _);

    private Verdict<VerifiedManifest> Verify(ReadOnlySpan<byte> bytes, RoleKeys? anchors = null) =>
        VerifiedManifest.Verify(SignedEnvelope.Decode(bytes).IsAccepted(), ReleaseAnchors.Classical(anchors ?? Anchors));
}
