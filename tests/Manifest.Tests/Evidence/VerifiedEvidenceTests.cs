using Fota.Manifest.Evidence;
using Fota.Manifest.Keys;
using Fota.Manifest.Log;
using Fota.Manifest.Metadata;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Evidence;

/// <summary>P8: evidence says that a release was requested, approved and published, and nobody can make it say so of another, or in other bytes.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class VerifiedEvidenceTests
{
    private readonly EvidenceForge _forge = new();

    [Test]
    [Proves("E-4", "E-6")]
    public void P8_Release_that_was_requested_approved_and_published_is_shown()
    {
        VerifiedEvidence evidence = _forge.Verify(_forge.Make(_forge.Entries())).IsAccepted();
        Assert.That(evidence.Entries.Select(static entry => entry.Kind), Is.EqualTo(["release.requested", "release.approved", "release.published"]));
    }

    [TestCase("release.requested")]
    [TestCase("release.approved")]
    [TestCase("release.published")]
    [Proves("E-6")]
    public void P8_Evidence_without_one_of_the_three_steps_is_refused(string without)
    {
        Dictionary<string, byte[]> files = _forge.Make(_forge.Entries());
        foreach (string file in files.Keys.Where(file => file.StartsWith(EvidencePath.Log, StringComparison.Ordinal) && LogEntry.Decode(LogProof.Decode(files[file]).OrThrow().ExtraBytes).OrThrow().Kind == without).ToArray())
        {
            files.Remove(file);
        }

        _forge.Verify(files).IsRefusedFor(RejectionReason.LogIncomplete);
    }

    [Test]
    [Proves("E-6")]
    public void P8_Steps_in_another_order_are_refused()
    {
        LogEntry[] entries = _forge.Entries();
        _forge.Verify(_forge.Make([entries[1], entries[0], entries[2]])).IsRefusedFor(RejectionReason.LogIncomplete);
    }

    [Test]
    [Proves("E-6")]
    public void P8_Publication_that_does_not_name_its_root_is_refused()
    {
        LogEntry[] entries = _forge.Entries();
        _forge.Verify(_forge.Make([entries[0], entries[1], _forge.Entry("release.published")])).IsRefusedFor(RejectionReason.LogIncomplete);
    }

    [TestCase("withdrawal", "yes")]
    [TestCase("request_kind", "withdrawal")]
    [Proves("E-6")]
    public void P8_Approval_of_a_withdrawal_is_no_approval_of_the_release(string fact, string value)
    {
        LogEntry[] entries = _forge.Entries();
        _forge.Verify(_forge.Make([entries[0], _forge.Entry("release.approved", (fact, value)), entries[2]])).IsRefusedFor(RejectionReason.LogIncomplete);
    }

    [Test]
    [Proves("E-4")]
    public void A02_Evidence_with_an_older_root_than_the_publications_is_refused()
    {
        LogEntry[] entries = _forge.Entries();
        _forge.Verify(_forge.Make([entries[0], entries[1], _forge.Entry("release.published", ("root", "2"))])).IsRefusedFor(RejectionReason.MissingField);
    }

    [Test]
    [Proves("E-6")]
    public void Entry_whose_number_is_not_its_place_is_refused()
    {
        LogEntry[] entries = _forge.Entries();
        _forge.Verify(_forge.Make([entries[0], entries[1], entries[2] with { Number = 7 }])).IsRefusedFor(RejectionReason.WrongDocument);
    }

    [Test]
    [Proves("E-5")]
    public void P6_Release_that_the_top_level_role_lists_itself_is_no_products()
    {
        _forge.Verify(_forge.Make(_forge.Entries(), inTopLevel: true)).IsRefusedFor(RejectionReason.TargetNotFound);
    }

    [Test]
    [Proves("E-5")]
    public void Manifest_of_another_version_than_its_path_says_is_refused()
    {
        EvidenceForge forge = new() { Version = "2.0.0" };
        forge.Verify(forge.Make(forge.Entries())).IsRefusedFor(RejectionReason.WrongDocument);
    }

    [Test]
    [Proves("E-4")]
    public void Signature_of_the_timestamp_that_its_threshold_does_not_need_is_verified_all_the_same()
    {
        Dictionary<string, byte[]> files = _forge.Make(_forge.Entries());
        SignedMetadata timestamp = Decode(files[EvidencePath.Timestamp]);
        MetadataSignature idle = MetadataSignature.From(SoftwareKey.Ed25519().PublicKey, new byte[64]);
        files[EvidencePath.Timestamp] = SignedMetadata.Assemble(timestamp.SignedBytes.Span, [timestamp.Signatures[0], idle]);
        _forge.Verify(files).IsRefusedFor(RejectionReason.SignatureInvalid);
    }

    [TestCase("metadata/timestamp.json")]
    [TestCase("metadata/1.root.json")]
    [Proves("E-3", "E-4")]
    public void Other_signature_of_the_same_bytes_is_refused_although_it_verifies(string file)
    {
        Dictionary<string, byte[]> files = _forge.Make(_forge.Entries());
        SignedMetadata signed = Decode(files[file]);
        files[file] = SignedMetadata.Assemble(signed.SignedBytes.Span, signed.Signatures.Select(static signature => signature with { Signature = OtherHalf(signature.Signature) }));
        _forge.Verify(files).IsRefusedFor(RejectionReason.NotCanonical);
    }

    [Test]
    [Proves("E-3", "E-4")]
    public void Signatures_of_a_root_in_another_order_are_refused()
    {
        Dictionary<string, byte[]> files = _forge.Make(_forge.Entries());
        SignedMetadata root = Decode(files[EvidencePath.Root(1)]);
        files[EvidencePath.Root(1)] = SignedMetadata.Assemble(root.SignedBytes.Span, root.Signatures.Reverse());
        _forge.Verify(files).IsRefusedFor(RejectionReason.NotCanonical);
    }

    [Test]
    [Proves("E-4")]
    public void Trusted_root_may_have_its_signatures_in_the_other_form()
    {
        Dictionary<string, byte[]> files = _forge.Make(_forge.Entries());
        SignedMetadata root = Decode(files[EvidencePath.Root(1)]);
        byte[] published = SignedMetadata.Assemble(root.SignedBytes.Span, root.Signatures.Reverse().Select(static signature => signature with { Signature = OtherHalf(signature.Signature) }));
        VerifiedEvidence.Verify(EvidenceBundle.Write(files), published).IsAccepted();
    }

    private static SignedMetadata Decode(byte[] file) => SignedMetadata.Decode(file, file.Length, MetadataProfile.Fota).OrThrow();

    // (r, n - s) of an ECDSA signature on P-256.
    private static byte[] OtherHalf(ReadOnlyMemory<byte> der)
    {
        byte[] signature = new byte[EcdsaSignatureFormat.FixedSize];
        Assert.That(EcdsaSignatureFormat.TryFromDer(der, signature), Is.True);
        return EcdsaSignatureFormat.ToDer([.. signature[..32], .. LowSTests.Minus(LowSTests.OrderP256, signature[32..])]);
    }
}
