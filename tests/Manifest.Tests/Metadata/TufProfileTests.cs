using System.Text.Json.Nodes;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Metadata;

/// <summary>What other writers may write, and what they may not.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class TufProfileTests
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TufRepository _repository = new(s_now);

    [Test]
    [Proves("R-20")]
    public void Indented_files_with_members_that_nobody_knows_are_read()
    {
        foreach (TufRole role in (TufRole[])[_repository.Timestamp, _repository.Snapshot, _repository.Targets])
        {
            role.Change = static signed => signed["x-signed"] = new JsonObject { ["é\n\t\"\\"] = "\u0001", ["a"] = null, ["b"] = true };
            role.Spoil = static file => file["x-unsigned"] = 1.5;
        }

        _repository.Publish();
        Assert.That(_repository.Client(_repository.Targets).Targets!.Version, Is.EqualTo(2));
    }

    [Test]
    [Proves("R-1")]
    public void Such_files_are_none_of_our_profile() =>
        Assert.That(TrustedMetadataSet.Start(_repository.TrustedRoot, s_now, MetadataProfile.Fota).Reason(), Is.EqualTo(RejectionReason.NotCanonical));

    [Test]
    [Proves("R-21")]
    public void A20_What_is_decoded_is_what_was_signed()
    {
        byte[] file = _repository.Current(_repository.Targets);
        SignedMetadata read = SignedMetadata.Decode(file, file.Length, MetadataProfile.Tuf).OrThrow();
        JsonNode signed = JsonNode.Parse(file)!["signed"]!;
        Assert.That(read.SignedBytes.ToArray(), Is.EqualTo(TufRepository.Canonical(signed)));
    }

    [Test]
    [Proves("R-22")]
    public void A22_Member_that_appears_twice_is_refused()
    {
        string text = System.Text.Encoding.UTF8.GetString(_repository.Current(_repository.Timestamp));
        byte[] file = System.Text.Encoding.UTF8.GetBytes(text.Replace("\"version\"", "\"version\": 9, \"version\"", StringComparison.Ordinal));
        Assert.That(_repository.Client(_repository.Root).UpdateTimestamp(file).Reason(), Is.EqualTo(RejectionReason.DuplicateField));
    }

    [Test]
    [Proves("R-22")]
    public void A22_Fraction_in_the_signed_part_is_refused()
    {
        _repository.Timestamp.Change = static signed => signed["x"] = 1.5;
        _repository.PublishTimestamp();
        Assert.That(_repository.Client(_repository.Root).UpdateTimestamp(_repository.Current(_repository.Timestamp)).Reason(), Is.EqualTo(RejectionReason.NotCanonical));
    }

    [Test]
    public void A23_Every_change_of_a_signed_value_is_refused()
    {
        string text = System.Text.Encoding.UTF8.GetString(_repository.Current(_repository.Timestamp));
        byte[] file = System.Text.Encoding.UTF8.GetBytes(text.Replace("\"version\": 1", "\"version\": 2", StringComparison.Ordinal));
        Assert.That(_repository.Client(_repository.Root).UpdateTimestamp(file).Reason(), Is.EqualTo(RejectionReason.ThresholdNotMet));
    }

    [TestCaseSource(nameof(Keys))]
    [Proves("R-24")]
    public void Key_of_every_type_that_TUF_names_counts(Func<TufKey> make)
    {
        _repository.Rotate(_repository.Timestamp, make());
        _repository.PublishTimestamp();
        Assert.That(_repository.Client(_repository.Timestamp).Timestamp!.Version, Is.EqualTo(2));
    }

    [TestCaseSource(nameof(Keys))]
    public void A01_Signature_of_every_type_by_another_key_does_not_count(Func<TufKey> make)
    {
        _repository.Rotate(_repository.Timestamp, make());
        _repository.Timestamp.Signers = [make().Named(_repository.Timestamp.Keys[0].Id)];
        _repository.PublishTimestamp();
        Assert.That(_repository.Client(_repository.Root).UpdateTimestamp(_repository.Current(_repository.Timestamp)).Reason(), Is.EqualTo(RejectionReason.ThresholdNotMet));
    }

    [Test]
    [Proves("R-25")]
    public void A12_Key_of_an_unknown_type_or_scheme_counts_for_nothing_and_spoils_nothing([Values] bool unknownType, [Values] bool isEnough)
    {
        TufKey unknown = unknownType ? TufKey.Unknown() : TufKey.UnknownScheme(), known = TufKey.Ecdsa();
        _repository.Timestamp.Threshold = isEnough ? 1 : 2;
        _repository.Rotate(_repository.Timestamp, unknown, known);
        _repository.PublishTimestamp();
        Assert.That(
            _repository.Client(_repository.Root).UpdateTimestamp(_repository.Current(_repository.Timestamp)).Reason(),
            Is.EqualTo(isEnough ? RejectionReason.None : RejectionReason.ThresholdNotMet));
    }

    [Test]
    public void A24_Key_that_does_not_fit_its_type_counts_for_nothing()
    {
        TufKey key = TufKey.Rsa();
        key.Json["keytype"] = "ecdsa";
        key.Json["scheme"] = "ecdsa-sha2-nistp256";
        _repository.Rotate(_repository.Timestamp, key);
        _repository.PublishTimestamp();
        Assert.That(_repository.Client(_repository.Root).UpdateTimestamp(_repository.Current(_repository.Timestamp)).Reason(), Is.EqualTo(RejectionReason.ThresholdNotMet));
    }

    [Test]
    [Proves("R-23")]
    public void A11_One_key_under_two_ids_counts_once()
    {
        TufKey key = TufKey.Ed25519();
        _repository.Timestamp.Threshold = 2;
        _repository.Rotate(_repository.Timestamp, key, key.Named("the-same-key"));
        _repository.PublishTimestamp();
        Assert.That(_repository.Client(_repository.Root).UpdateTimestamp(_repository.Current(_repository.Timestamp)).Reason(), Is.EqualTo(RejectionReason.ThresholdNotMet));
    }

    [Test]
    [Proves("R-23")]
    public void Key_id_is_what_the_writer_chose()
    {
        _repository.Rotate(_repository.Timestamp, TufKey.Ed25519().Named("../a key, by name"));
        _repository.PublishTimestamp();
        Assert.That(_repository.Client(_repository.Timestamp).Timestamp!.Version, Is.EqualTo(2));
    }

    [Test]
    public void A11_Two_signatures_under_one_id_are_refused()
    {
        _repository.Timestamp.Spoil = static file => file["signatures"]!.AsArray().Add(file["signatures"]![0]!.DeepClone());
        _repository.PublishTimestamp();
        Assert.That(_repository.Client(_repository.Root).UpdateTimestamp(_repository.Current(_repository.Timestamp)).Reason(), Is.EqualTo(RejectionReason.DuplicateField));
    }

    [TestCase("", false, RejectionReason.NoSignatures)]
    [TestCase("not hexadecimal", false, RejectionReason.NoSignatures)]
    [TestCase("", true, RejectionReason.None)]
    [Proves("R-26")]
    public void A16_Text_that_is_no_signature_is_no_signature_by_this_key(string text, bool another, RejectionReason reason)
    {
        _repository.Rotate(_repository.Timestamp, another ? [TufKey.Ecdsa(), TufKey.Ecdsa()] : [TufKey.Ecdsa()]);
        _repository.Timestamp.Spoil = file => file["signatures"]![0]!["sig"] = text;
        _repository.PublishTimestamp();
        Assert.That(_repository.Client(_repository.Root).UpdateTimestamp(_repository.Current(_repository.Timestamp)).Reason(), Is.EqualTo(reason));
    }

    [TestCase(0)]
    [TestCase(-1)]
    public void A12_Threshold_below_one_is_refused(int threshold)
    {
        _repository.Timestamp.Threshold = threshold;
        _repository.PublishRoot();
        TrustedMetadataSet client = TrustedMetadataSet.Start(_repository.TrustedRoot, s_now, MetadataProfile.Tuf).OrThrow();
        Assert.That(client.UpdateRoot(_repository.Files["metadata/2.root.json"]).Reason(), Is.EqualTo(RejectionReason.InvalidThreshold));
        Assert.That(client.Root.Version, Is.EqualTo(1));
    }

    [Test]
    public void A12_Threshold_above_the_number_of_keys_is_never_met()
    {
        _repository.Timestamp.Threshold = 2;
        _repository.PublishRoot();
        _repository.PublishTimestamp();
        Assert.That(_repository.Client(_repository.Root).UpdateTimestamp(_repository.Current(_repository.Timestamp)).Reason(), Is.EqualTo(RejectionReason.ThresholdNotMet));
    }

    [TestCase("1.0", RejectionReason.None)]
    [TestCase("1.1.0", RejectionReason.None)]
    [TestCase("2.0.0", RejectionReason.WrongDocument)]
    [TestCase("1", RejectionReason.WrongDocument)]
    public void Spec_version_is_any_first_one(string version, RejectionReason reason)
    {
        _repository.Timestamp.Change = signed => signed["spec_version"] = version;
        _repository.PublishTimestamp();
        Assert.That(_repository.Client(_repository.Root).UpdateTimestamp(_repository.Current(_repository.Timestamp)).Reason(), Is.EqualTo(reason));
    }

    [TestCase("root")]
    [TestCase("timestamp")]
    [TestCase("snapshot")]
    [TestCase("targets")]
    [TestCase("")]
    [Proves("R-27")]
    public void A15_Delegation_to_a_top_level_role_is_refused(string name)
    {
        _repository.Targets.Delegate(name, "*");
        _repository.PublishTargets(_repository.Targets);
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        Assert.That(_repository.Client(_repository.Snapshot).UpdateTargets(_repository.Current(_repository.Targets)).Reason(), Is.EqualTo(RejectionReason.UnsafePath));
    }

    [TestCase(null, null, RejectionReason.MissingField)]
    [TestCase("*", "0", RejectionReason.UnknownField)]
    [Proves("R-6")]
    public void A17_Delegation_with_both_or_neither_of_paths_and_prefixes_is_refused(string? path, string? prefix, RejectionReason reason)
    {
        TufRole role = new("role") { Keys = [TufKey.Ed25519()] };
        _repository.Targets.Delegations.Add(new TufDelegation(role, path is null ? null : [path], prefix is null ? null : [prefix]));
        _repository.PublishTargets(_repository.Targets);
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        Assert.That(_repository.Client(_repository.Snapshot).UpdateTargets(_repository.Current(_repository.Targets)).Reason(), Is.EqualTo(reason));
    }

    [Test]
    [Proves("R-28")]
    public void A17_Target_with_no_digest_that_is_understood_is_refused([Values("md5", "")] string name)
    {
        _repository.AddTarget(_repository.Targets, "firmware", [1, 2]);
        _repository.Targets.Targets["firmware"]!["hashes"] = name.Length == 0 ? [] : new JsonObject { [name] = "00" };
        _repository.Publish();
        Assert.That(_repository.Client(_repository.Targets).FindTarget("firmware").Reason(), Is.EqualTo(RejectionReason.UnsupportedDigest));
    }

    [Test]
    public void A17_Target_without_hashes_is_refused([Values("hashes", "length")] string name)
    {
        _repository.AddTarget(_repository.Targets, "firmware", [1, 2]);
        _repository.Targets.Targets["firmware"]!.AsObject().Remove(name);
        _repository.Publish();
        Assert.That(_repository.Client(_repository.Snapshot).UpdateTargets(_repository.Current(_repository.Targets)).Reason(), Is.EqualTo(RejectionReason.MissingField));
    }

    [TestCase("sha512")]
    [TestCase("sha256", "sha512")]
    [Proves("R-28")]
    public void A25_Every_digest_that_is_understood_has_to_match(params string[] names)
    {
        _repository.AddTarget(_repository.Targets, "firmware", [1, 2], names);
        _repository.Publish();
        VerifiedTarget target = _repository.Client(_repository.Targets).FindTarget("firmware").OrThrow();
        Assert.That(target.Verify((byte[])[1, 2]).Reason(), Is.EqualTo(RejectionReason.None));
        Assert.That(target.Verify((byte[])[1, 3]).Reason(), Is.EqualTo(RejectionReason.DigestMismatch));

        string last = (string)_repository.Targets.Targets["firmware"]!["hashes"]![names[^1]]!;
        _repository.Targets.Targets["firmware"]!["hashes"]![names[^1]] = new string('0', last.Length);
        _repository.Publish();
        Assert.That(_repository.Client(_repository.Targets).FindTarget("firmware").OrThrow().Verify((byte[])[1, 2]).Reason(), Is.EqualTo(RejectionReason.DigestMismatch));
    }

    [TestCase("hashes", RejectionReason.UnsupportedDigest)]
    [Proves("R-28")]
    public void A17_Unknown_digest_of_metadata_does_not_mean_no_check(string member, RejectionReason reason)
    {
        _repository.SnapshotMeta["targets.json"][member] = new JsonObject { ["md5"] = "00" };
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        Assert.That(_repository.Client(_repository.Snapshot).UpdateTargets(_repository.Current(_repository.Targets)).Reason(), Is.EqualTo(reason));
    }

    [TestCase("length", 1, RejectionReason.LengthMismatch)]
    [TestCase("hashes", 0, RejectionReason.DigestMismatch)]
    public void A05_Length_and_digest_of_metadata_hold_where_they_are_stated(string member, int value, RejectionReason reason)
    {
        _repository.SnapshotMeta["targets.json"][member] = member == "length" ? value : new JsonObject { ["sha256"] = new string('0', 64) };
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        Assert.That(_repository.Client(_repository.Snapshot).UpdateTargets(_repository.Current(_repository.Targets)).Reason(), Is.EqualTo(reason));
    }

    [TestCase(true)]
    [TestCase(false)]
    [TestCase(null)]
    public void Names_of_files_follow_consistent_snapshot(bool? consistent)
    {
        TufRepository repository = new(s_now, it => it.ConsistentSnapshot = consistent);
        repository.AddTarget(repository.Targets, "a/b", [1]);
        repository.Publish();
        TrustedMetadataSet client = repository.Client(repository.Targets);
        Assert.That(client.Root.ConsistentSnapshot, Is.EqualTo(consistent is true));
        Assert.That(client.FindTarget("a/b").OrThrow().FileName, consistent is true ? Does.Match("^a/[0-9a-f]{64}\\.b$") : Is.EqualTo("a/b"));
    }

    private static IEnumerable<TestCaseData> Keys()
    {
        yield return Case("ed25519", TufKey.Ed25519);
        yield return Case("ecdsa on P-256", static () => TufKey.Ecdsa());
        yield return Case("ecdsa on P-384", static () => TufKey.EcdsaP384());
        yield return Case("legacy ecdsa on P-256", static () => TufKey.Ecdsa("ecdsa-sha2-nistp256"));
        yield return Case("legacy ecdsa on P-384", static () => TufKey.EcdsaP384("ecdsa-sha2-nistp384"));
        yield return Case("rsa", TufKey.Rsa);

        static TestCaseData Case(string name, Func<TufKey> make) => new TestCaseData(make).SetArgDisplayNames(name);
    }
}
