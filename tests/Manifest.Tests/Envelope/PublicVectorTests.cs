using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Envelope;

/// <summary>Envelopes of other implementations: our general decoder takes them, and their ESP256 signatures verify over the bytes as they came.</summary>
public sealed class PublicVectorTests
{
    [TestCase("libcsuit-suit_manifest_exp0.suit")]
    [TestCase("libcsuit-suit_manifest_exp1.suit")]
    [TestCase("libcsuit-suit_manifest_exp2A.suit")]
    [TestCase("libcsuit-suit_manifest_exp2B.suit")]
    [TestCase("libcsuit-suit_manifest_exp3.suit")]
    [TestCase("libcsuit-suit_manifest_exp4.suit")]
    [TestCase("libcsuit-suit_manifest_exp5.suit")]
    public void An_envelope_of_libcsuit_is_signed_by_its_trust_anchor(string file)
    {
        VerificationKey anchor = VerificationKey.FromPem(File.ReadAllText(VectorFolder.Require("suit/libcsuit.trust_anchor.pub.pem")));
        SignedEnvelope envelope = SignedEnvelope.Decode(File.ReadAllBytes(VectorFolder.Require($"suit/{file}"))).IsAccepted();

        Assert.That(envelope.IsSignedBy(anchor), Is.True);
    }

    [TestCase("example0")]
    [TestCase("example1")]
    [TestCase("example2")]
    [TestCase("example3")]
    [TestCase("example4")]
    [TestCase("example5")]
    public void The_digest_of_an_example_of_the_draft_is_that_of_its_manifest(string name) =>
        Assert.That(SignedEnvelope.Decode(File.ReadAllBytes(VectorFolder.Require($"suit/{name}.signed.suit"))).IsAccepted().DigestMatches, Is.True);

    [TestCase("example0")]
    [TestCase("example3")]
    public void What_our_profile_does_not_act_upon_is_refused_not_ignored(string name) =>
        SignedEnvelope.Decode(File.ReadAllBytes(VectorFolder.Require($"suit/{name}.signed.suit"))).IsAccepted().UnverifiedContent()
            .IsRefusedFor(RejectionReason.Unsupported);
}
