using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Manifest.Suit;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Suit;

/// <summary>
/// Every envelope of the draft's examples and of libcsuit's tests: the general decoder takes all of them and writes them again to the byte; who
/// signed is found out; and our profile refuses each for the reason that the table says.
/// </summary>
[Proves("M-15", "M-50", "M-51")]
public sealed class SuitVectorTests
{
    /// <summary>File; whether it is signed by the key beside it; the reason for which our profile refuses it.</summary>
    private static readonly (string File, bool IsSigned, RejectionReason Reason)[] s_verdicts =
    [
        ("example0.signed.suit", true, RejectionReason.Unsupported), // invoke, no payload
        ("example0.unsigned.suit", false, RejectionReason.NoSignatures),
        ("example1.signed.suit", true, RejectionReason.MissingField), // our shape, without chunk table
        ("example1.unsigned.suit", false, RejectionReason.NoSignatures),
        ("example2.signed-severed.suit", true, RejectionReason.Unsupported), // reference-uri, invoke
        ("example2.signed.suit", true, RejectionReason.Unsupported),
        ("example2.unsigned-severed.suit", false, RejectionReason.NoSignatures),
        ("example3.signed.suit", true, RejectionReason.MissingField), // an image for each slot, without chunk table
        ("example3.unsigned.suit", false, RejectionReason.NoSignatures),
        ("example4.signed.suit", true, RejectionReason.Unsupported), // load, invoke, payload-fetch
        ("example4.unsigned.suit", false, RejectionReason.NoSignatures),
        ("example5.signed.suit", true, RejectionReason.Unsupported), // two components, invoke
        ("example5.unsigned.suit", false, RejectionReason.NoSignatures),
        ("libcsuit-suit_manifest_exp0.suit", true, RejectionReason.Unsupported),
        ("libcsuit-suit_manifest_exp1.suit", true, RejectionReason.MissingField),
        ("libcsuit-suit_manifest_exp2A.suit", true, RejectionReason.Unsupported),
        ("libcsuit-suit_manifest_exp2B.suit", true, RejectionReason.Unsupported),
        ("libcsuit-suit_manifest_exp3.suit", true, RejectionReason.MissingField),
        ("libcsuit-suit_manifest_exp4.suit", true, RejectionReason.Unsupported),
        ("libcsuit-suit_manifest_exp5.suit", true, RejectionReason.Unsupported),
        ("libcsuit-suit_manifest_expAF.suit", false, RejectionReason.Unsupported), // COSE_Mac0, encrypted payload
        ("libcsuit-suit_manifest_expAFS.suit", false, RejectionReason.Unsupported),
        ("libcsuit-suit_manifest_expAW.suit", false, RejectionReason.Unsupported),
        ("libcsuit-suit_manifest_expD.suit", true, RejectionReason.Unsupported), // untagged, dependency, encrypted
        ("libcsuit-suit_manifest_expED.suit", true, RejectionReason.Unsupported), // dependency inside, encrypted
        ("libcsuit-suit_manifest_expEW.suit", true, RejectionReason.Unsupported), // encrypted, written from the manifest
        ("libcsuit-suit_manifest_expI.suit", true, RejectionReason.Unsupported), // untagged, integrated payload
        ("libcsuit-suit_manifest_expS0.suit", true, RejectionReason.Unsupported), // write, invoke
        ("libcsuit-suit_manifest_expS2.suit", true, RejectionReason.Unsupported), // dependency
        ("libcsuit-suit_manifest_expS3.suit", true, RejectionReason.Unsupported), // dependency inside
        ("libcsuit-suit_manifest_expU.suit", true, RejectionReason.Unsupported), // untagged, uninstall
        ("libcsuit-suit_manifest_expU0.suit", true, RejectionReason.Unsupported), // copy-params, run-sequence
        ("libcsuit-suit_manifest_expU1.suit", true, RejectionReason.Unsupported),
        ("libcsuit-suit_manifest_expU2.suit", true, RejectionReason.Unsupported), // set-version, coswid, payload-fetch
        ("libcsuit-suit_manifest_expU3.suit", true, RejectionReason.Unsupported), // write, metadata of files
    ];

    [Test]
    public void The_table_has_every_file_of_the_folder() =>
        Assert.That(Directory.GetFiles(VectorFolder.Require("suit"), "*.suit").Select(static file => Path.GetFileName(file)), Is.EquivalentTo(s_verdicts.Select(static verdict => verdict.File)));

    [TestCaseSource(nameof(Files))]
    public void Every_envelope_is_decoded_and_its_digest_is_the_manifests(string file) => Assert.That(Document(file).DigestMatches, Is.True);

    [TestCaseSource(nameof(Files))]
    public void Every_envelope_is_deterministic_and_is_written_again_to_the_byte(string file) =>
        Assert.That(Convert.ToHexStringLower(Document(file).Encode()), Is.EqualTo(Convert.ToHexStringLower(Read(file))));

    [TestCaseSource(nameof(Files))]
    public void Every_severed_member_that_came_along_is_the_one_that_was_named(string file) =>
        Assert.That(Document(file).SeveredMembers.Select(static member => member.State), Has.None.EqualTo(SeveredState.Differs));

    [TestCase("example2.signed.suit", SeveredState.Matches)]
    [TestCase("example2.signed-severed.suit", SeveredState.Absent)]
    public void Severed_members_are_found_or_missed(string file, SeveredState state) =>
        Assert.That(Document(file).SeveredMembers, Is.EqualTo(new[] { (20L, state), (23L, state) }));

    [Test]
    public void A20_A_severed_member_that_was_altered_is_noticed()
    {
        byte[] bytes = Read("example2.signed.suit");
        bytes[^3] ^= 1;

        Assert.That(SuitDocument.Decode(bytes).IsAccepted().SeveredMembers, Is.EqualTo(new[] { (20L, SeveredState.Matches), (23L, SeveredState.Differs) }));
    }

    [TestCaseSource(nameof(Files))]
    public void Every_signed_envelope_verifies_with_the_key_beside_it_and_no_other_does(string file)
    {
        SignedEnvelope envelope = SignedEnvelope.Decode(Read(file)).IsAccepted();

        Assert.That(envelope.IsSignedBy(KeyFor(file)), Is.EqualTo(s_verdicts.Single(verdict => verdict.File == file).IsSigned));
        Assert.That(envelope.IsSignedBy(SoftwareKey.EcdsaP256().PublicKey), Is.False);
    }

    [TestCaseSource(nameof(Files))]
    public void Our_profile_refuses_every_envelope_for_the_reason_in_the_table(string file) =>
        VerifiedManifest.Verify(SignedEnvelope.Decode(Read(file)).IsAccepted(), ReleaseAnchors.Classical(new RoleKeys([KeyFor(file)], 1)))
            .IsRefusedFor(s_verdicts.Single(verdict => verdict.File == file).Reason);

    [Test]
    public void Try_each_on_component_slots_is_decoded()
    {
        IReadOnlyList<SuitCommand> shared = Document("example3.signed.suit").Manifest.Common.SharedSequence!;
        SuitCommand.TryEach each = shared.OfType<SuitCommand.TryEach>().Single();
        SuitCommand.Parameters second = (SuitCommand.Parameters)each.Alternatives[1]![^1];

        Assert.That(each.Alternatives, Has.Count.EqualTo(2));
        Assert.That(second.Values.Select(static value => value.Number), Is.EqualTo(new[] { 3L, 14L }));
        Assert.That(second.Values[1].Value, Is.EqualTo(new SuitValue.Number(76834)));
    }

    [Test]
    public void Version_comparisons_are_decoded() =>
        Assert.That(
            Document("libcsuit-suit_manifest_expU2.suit").Manifest.Common.SharedSequence!.OfType<SuitCommand.Parameters>().Single().Values[^1].Value,
            Is.EqualTo(new SuitValue.Version(new VersionComparison(VersionRelation.Lesser, [1, 0, 0]))));

    [Test]
    public void MACs_are_classified() =>
        Assert.That(Document("libcsuit-suit_manifest_expAF.suit").Authentication.Select(static block => block.Kind), Is.EqualTo(new[] { CoseKind.Mac0 }));

    [Test]
    public void Dependencies_and_integrated_payloads_are_decoded()
    {
        SuitDocument document = Document("libcsuit-suit_manifest_expS3.suit");

        Assert.That(document.Manifest.Common.Dependencies!.Single().Prefix!.ToString(), Is.EqualTo(Convert.ToHexStringLower("dependent.suit"u8)));
        (string name, SuitValue content) = document.IntegratedPayloads.Single();
        Assert.That(name, Is.EqualTo("#dependent.suit"));
        SuitDocument inner = SuitDocument.Decode(((SuitValue.Bytes)content).Content.Span).IsAccepted();
        Assert.That(inner.DigestMatches, Is.True);
    }

    private static IEnumerable<string> Files() => s_verdicts.Select(static verdict => verdict.File);

    private static VerificationKey KeyFor(string file) =>
        VerificationKey.FromPem(File.ReadAllText(VectorFolder.Require(file.StartsWith("libcsuit", StringComparison.Ordinal) ? "suit/libcsuit.trust_anchor.pub.pem" : "suit/ietf-examples.public.pem")));

    private static byte[] Read(string file) => File.ReadAllBytes(VectorFolder.Require($"suit/{file}"));

    private static SuitDocument Document(string file) => SuitDocument.Decode(Read(file)).IsAccepted();
}
