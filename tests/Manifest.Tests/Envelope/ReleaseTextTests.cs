using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;
using Fota.Manifest.Suit;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Envelope;

/// <summary>Text for people lies beside the manifest, under its signatures, and may be cut off.</summary>
[Proves("M-34", "M-35")]
public sealed class ReleaseTextTests
{
    private readonly SoftwareKey _key = SoftwareKey.EcdsaP256();

    private readonly UpdateManifest _manifest = SampleRelease.Create().Manifest with { Text = Of(("en", "Fixes the alarm."), ("de", "Behebt den Alarm.")) };

    [Test]
    public void The_descriptions_are_those_that_were_signed()
    {
        ReleaseText text = Verify(Sign(_manifest)).IsAccepted().Content.Text!;

        Assert.That(text.Descriptions["de"], Is.EqualTo("Behebt den Alarm."));
        Assert.That(text.Descriptions, Has.Count.EqualTo(2));
    }

    [Test]
    public void Text_that_was_cut_off_leaves_the_signatures_valid()
    {
        SignedEnvelope whole = Sign(_manifest), cut = whole.WithoutText();

        ReleaseText text = Verify(cut).IsAccepted().Content.Text!;

        Assert.That(cut.Bytes.Length, Is.LessThan(whole.Bytes.Length - 40));
        Assert.That(text.Descriptions, Is.Empty);
        Assert.That(text.Digest, Is.EqualTo(_manifest.Text!.Digest));
    }

    [Test]
    public void A20_Text_that_was_altered_is_refused()
    {
        byte[] bytes = Sign(_manifest).Bytes.ToArray();
        bytes[^2] ^= 1;

        Verify(SignedEnvelope.Decode(bytes).IsAccepted()).IsRefusedFor(RejectionReason.DigestMismatch);
    }

    [Test]
    public void A20_Text_that_no_digest_vouches_for_is_refused()
    {
        SignedEnvelope whole = Sign(_manifest);
        byte[] text = whole.Bytes.ToArray()[whole.WithoutText().Bytes.Length..], without = Sign(_manifest with { Text = null }).Bytes.ToArray();
        Assert.That((text[0], without[2]), Is.EqualTo(((byte)23, (byte)0xa2)), "the element's key, and a map of two");
        without[2] = 0xa3;

        Verify(SignedEnvelope.Decode([.. without, .. text]).IsAccepted()).IsRefusedFor(RejectionReason.Unsupported);
    }

    [Test]
    public void Text_inside_the_manifest_is_refused()
    {
        SuitManifest manifest = SuitDocument.Decode(SignedEnvelope.Begin(_manifest).Bytes.Span).IsAccepted().Manifest;
        SuitMember inside = new(23, new SuitContent.Text(new SuitText([new SuitText.Language("en", [new SuitParameter(2, new SuitValue.Text("inside"))], [])])));

        Verify(EnvelopeSurgery.Encode(manifest with { Members = [.. manifest.Members.SkipLast(1), inside] })).IsRefusedFor(RejectionReason.Unsupported);
    }

    [TestCase("", "text")]
    [TestCase("en_US", "text")]
    [TestCase("en", "")]
    [TestCase("en", "bell \u0007")]
    [TestCase("en", "half \uD83D")]
    public void P10_Text_that_cannot_be_shown_is_refused(string language, string description) => Assert.That(() => Of((language, description)), Throws.TypeOf<RejectedException>());

    [Test]
    public void P10_Too_many_languages_or_characters_are_refused()
    {
        Assert.That(static () => Of(), Throws.TypeOf<RejectedException>());
        Assert.That(static () => Of([.. Enumerable.Range(0, ReleaseText.MaxLanguages + 1).Select(static i => ($"l{i}", "text"))]), Throws.TypeOf<RejectedException>());
        Assert.That(static () => Of(("en", new string('x', ReleaseText.MaxLength + 1))), Throws.TypeOf<RejectedException>());
    }

    private static ReleaseText Of(params (string Language, string Description)[] descriptions) =>
        ReleaseText.Of(descriptions.ToDictionary(static pair => pair.Language, static pair => pair.Description, StringComparer.Ordinal));

    private SignedEnvelope Sign(UpdateManifest manifest)
    {
        SignedEnvelope envelope = SignedEnvelope.Begin(manifest);
        return envelope.WithSignature(_key.PublicKey, _key.Sign(envelope.ToBeSigned(_key.PublicKey)));
    }

    private Verdict<VerifiedManifest> Verify(byte[] manifest) => Verify(SignedEnvelope.Decode(EnvelopeSurgery.Sign(manifest, _key)).IsAccepted());

    private Verdict<VerifiedManifest> Verify(SignedEnvelope envelope) => VerifiedManifest.Verify(envelope, ReleaseAnchors.Classical(new RoleKeys([_key.PublicKey], 1)));
}
