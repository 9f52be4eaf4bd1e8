using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Metadata;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RoleKeysTests
{
    private static readonly byte[] s_signed = """{"_type":"targets"}"""u8.ToArray();

    private readonly SoftwareKey _first = SoftwareKey.EcdsaP256();

    private readonly SoftwareKey _second = SoftwareKey.Ed25519();

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(3)]
    [Proves("R-11")]
    public void A12_Threshold_that_is_no_threshold_is_refused(int threshold) =>
        Assert.That(ReasonOf(() => new RoleKeys([_first.PublicKey, _second.PublicKey], threshold)), Is.EqualTo(RejectionReason.InvalidThreshold));

    [Test]
    public void A12_Role_without_keys_is_refused() => Assert.That(ReasonOf(() => new RoleKeys([], 1)), Is.EqualTo(RejectionReason.InvalidThreshold));

    [Test]
    [Proves("R-11")]
    public void A11_Key_given_twice_counts_once() =>
        Assert.That(ReasonOf(() => new RoleKeys([_first.PublicKey, _first.PublicKey], 2)), Is.EqualTo(RejectionReason.InvalidThreshold));

    [Test]
    [Proves("R-3")]
    public void A11_Key_in_another_encoding_is_refused()
    {
        byte[] info = _first.PublicKey.SubjectPublicKeyInfo.ToArray();

        // The same point, compressed (SEC 1 section 2.3.3): its y is even or odd.
        byte[] compressed = [0x30, 0x39, .. info[2..23], 0x03, 0x22, 0x00, (byte)(2 + (info[^1] & 1)), .. info[27..59]];
        Assert.That(() => VerificationKey.FromSubjectPublicKeyInfo(compressed), Throws.TypeOf<RejectedException>().With.Property(nameof(RejectedException.Rejection)).Property(nameof(Rejection.Reason)).EqualTo(RejectionReason.UnsupportedKey));
    }

    [Test]
    [Proves("R-11")]
    public void A11_Second_signature_of_one_key_under_another_id_does_not_count()
    {
        RoleKeys role = new([_first.PublicKey, _second.PublicKey], 2);
        byte[] signature = _first.Sign(s_signed);
        MetadataSignature own = MetadataSignature.From(_first.PublicKey, signature);
        byte[] file = SignedMetadata.Assemble(s_signed, [own, own with { Key = MetadataKeyId.Of(_second.PublicKey) }]);
        Assert.That(role.Check(Decode(file), "targets")!.Reason, Is.EqualTo(RejectionReason.ThresholdNotMet));
    }

    [Test]
    public void A09_Message_says_what_was_wanted_and_got()
    {
        RoleKeys role = new([_first.PublicKey, _second.PublicKey], 2);
        byte[] file = RepositorySimulator.Sign(s_signed, [_first]);
        Assert.That(role.Check(Decode(file), "infusion-pump")!.Detail, Is.EqualTo("wanted 2 valid signatures by distinct keys of role infusion-pump, got 1"));
    }

    [Test]
    public void Signers_are_those_whose_signatures_are_valid()
    {
        RoleKeys role = new([_first.PublicKey, _second.PublicKey], 1);
        byte[] file = RepositorySimulator.Sign(s_signed, [_second, SoftwareKey.EcdsaP256()]);
        Assert.That(role.Signers(Decode(file)), Is.EqualTo(new[] { _second.PublicKey }));
    }

    [Test]
    public void A18_Signature_that_is_not_DER_does_not_count()
    {
        RoleKeys role = new([_first.PublicKey], 1);
        byte[] file = SignedMetadata.Assemble(s_signed, [new MetadataSignature(MetadataKeyId.Of(_first.PublicKey), _first.Sign(s_signed))]);
        Assert.That(role.Check(Decode(file), "targets")!.Reason, Is.EqualTo(RejectionReason.ThresholdNotMet));
    }

    [Test]
    public void A18_Signature_with_bytes_after_it_does_not_count()
    {
        RoleKeys role = new([_first.PublicKey], 1);
        byte[] der = [.. MetadataSignature.From(_first.PublicKey, _first.Sign(s_signed)).Signature.Span, 0];
        byte[] file = SignedMetadata.Assemble(s_signed, [new MetadataSignature(MetadataKeyId.Of(_first.PublicKey), der)]);
        Assert.That(role.Check(Decode(file), "targets")!.Reason, Is.EqualTo(RejectionReason.ThresholdNotMet));
    }

    private static SignedMetadata Decode(byte[] file) => SignedMetadata.Decode(file, file.Length, MetadataProfile.Fota).OrThrow();

    private static RejectionReason ReasonOf(Func<RoleKeys> make) => Verdict.Of(make).Reason();
}
