using Fota.Manifest.Verification;
using Fota.Manifest.Metadata;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Verification;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RootUpdateTests
{
    private readonly RepositorySimulator _repository = new();

    [Test]
    public void A_client_starts_with_the_root_it_was_born_with() => Assert.That(_repository.Client().Root.Version, Is.EqualTo(1));

    [Test]
    public void A_rotated_root_is_followed()
    {
        _repository.RotateRoot();
        _repository.RotateRoot();
        Assert.That(_repository.Client().Root.Version, Is.EqualTo(3));
    }

    [Test]
    [Proves("W-1")]
    public void A01_Trusted_root_that_is_not_signed_by_itself_is_refused()
    {
        _repository.Root.Signers = _repository.Pump.Keys;
        _repository.PublishRoot();
        Assert.That(TrustedMetadataSet.Start(_repository.Current(_repository.Root), _repository.Now, MetadataProfile.Fota).Reason(), Is.EqualTo(RejectionReason.ThresholdNotMet));
    }

    [Test]
    public void A01_Another_document_is_no_root() =>
        Assert.That(TrustedMetadataSet.Start(_repository.Current(_repository.Timestamp), _repository.Now, MetadataProfile.Fota).Reason(), Is.EqualTo(RejectionReason.WrongDocument));

    [Test]
    [Proves("W-5")]
    public void A02_Root_of_an_older_version_is_refused()
    {
        _repository.RotateRoot();
        TrustedMetadataSet client = _repository.Client();
        _repository.Root.Version = 0;
        _repository.PublishRoot(); // signed by the newest keys, so that nothing but its version is wrong
        Assert.That(client.UpdateRoot(_repository.Current(_repository.Root)).Reason(), Is.EqualTo(RejectionReason.MetadataRollback));
    }

    [Test]
    public void A02_Root_of_the_same_version_is_refused()
    {
        TrustedMetadataSet client = _repository.Client();
        Assert.That(client.UpdateRoot(_repository.TrustedRoot).Reason(), Is.EqualTo(RejectionReason.MetadataVersionMismatch));
    }

    [Test]
    [Proves("W-5")]
    public void A02_Root_that_skips_a_version_is_refused()
    {
        TrustedMetadataSet client = _repository.Client();
        _repository.Root.Version++;
        _repository.PublishRoot();
        Assert.That(client.UpdateRoot(_repository.Current(_repository.Root)).Reason(), Is.EqualTo(RejectionReason.MetadataVersionMismatch));
    }

    [Test]
    public void A04_Root_fast_forwarded_to_the_last_version_is_refused()
    {
        TrustedMetadataSet client = _repository.Client();
        _repository.Root.Version = long.MaxValue - 1;
        _repository.PublishRoot();
        Assert.That(client.UpdateRoot(_repository.Current(_repository.Root)).Reason(), Is.EqualTo(RejectionReason.MetadataVersionMismatch));
    }

    [Test]
    public void A09_Root_signed_by_fewer_keys_than_the_threshold_is_refused()
    {
        TrustedMetadataSet client = _repository.Client();
        _repository.Root.Signers = [_repository.Root.Keys[2]];
        _repository.PublishRoot();
        Assert.That(client.UpdateRoot(_repository.Current(_repository.Root)).Reason(), Is.EqualTo(RejectionReason.ThresholdNotMet));
    }

    [Test]
    [Proves("W-5")]
    public void A13_Root_not_signed_by_a_threshold_of_the_root_before_is_refused()
    {
        TrustedMetadataSet client = _repository.Client();
        _repository.Root.Keys = [SoftwareKey.EcdsaP256(), SoftwareKey.EcdsaP256(), _repository.Root.Keys[2]];
        _repository.Root.Signers = _repository.Root.Keys;
        _repository.PublishRoot();
        Assert.That(client.UpdateRoot(_repository.Current(_repository.Root)).Reason(), Is.EqualTo(RejectionReason.ThresholdNotMet));
    }

    [Test]
    [Proves("W-5")]
    public void A13_Root_not_signed_by_a_threshold_of_its_own_keys_is_refused()
    {
        TrustedMetadataSet client = _repository.Client();
        IReadOnlyList<SoftwareKey> old = _repository.Root.Keys;
        _repository.Root.Keys = [SoftwareKey.EcdsaP256(), SoftwareKey.EcdsaP256(), SoftwareKey.EcdsaP256()];
        _repository.Root.Signers = [.. old, _repository.Root.Keys[0]];
        _repository.PublishRoot();
        Assert.That(client.UpdateRoot(_repository.Current(_repository.Root)).Reason(), Is.EqualTo(RejectionReason.ThresholdNotMet));
    }

    [Test]
    public void A_refused_root_leaves_the_old_one_and_the_next_good_one_is_taken()
    {
        TrustedMetadataSet client = _repository.Client();
        _repository.RotateRoot();
        byte[] good = _repository.Current(_repository.Root);
        Assert.That(client.UpdateRoot(_repository.TrustedRoot).Reason(), Is.Not.EqualTo(RejectionReason.None));
        Assert.That(client.Root.Version, Is.EqualTo(1));
        Assert.That(client.UpdateRoot(good).Reason(), Is.EqualTo(RejectionReason.None));
    }

    [Test]
    [Proves("W-5")]
    public void An_expired_root_on_the_way_does_not_matter()
    {
        _repository.Root.Expires = _repository.Now;
        _repository.PublishRoot();
        _repository.Root.Expires = _repository.Now + TimeSpan.FromDays(1);
        _repository.PublishRoot();
        Assert.That(_repository.ClientWithTimestamp().Root.Version, Is.EqualTo(3));
    }

    [Test]
    [Proves("W-7")]
    public void A03_Expired_final_root_is_refused_when_the_timestamp_is_updated()
    {
        _repository.Root.Expires = _repository.Now;
        _repository.PublishRoot();
        Assert.That(_repository.Client().UpdateTimestamp(_repository.Current(_repository.Timestamp)).Reason(), Is.EqualTo(RejectionReason.MetadataExpired));
    }

    [TestCase("timestamp")]
    [TestCase("snapshot")]
    [Proves("W-3")]
    public void A04_Change_of_keys_is_told_so_that_fast_forwarded_files_are_deleted(string name)
    {
        SimulatedRole role = name is "timestamp" ? _repository.Timestamp : _repository.Snapshot;
        role.Keys = [SoftwareKey.EcdsaP256()];
        _repository.PublishRoot();
        _repository.RotateRoot();
        Assert.That(_repository.Client().TimestampOrSnapshotKeysChanged, Is.True);
    }

    [Test]
    [Proves("W-3")]
    public void A04_Change_of_other_keys_keeps_the_files()
    {
        _repository.Targets.Keys = [SoftwareKey.EcdsaP256()];
        _repository.RotateRoot();
        Assert.That(_repository.Client().TimestampOrSnapshotKeysChanged, Is.False);
    }

    [Test]
    [Proves("W-4")]
    public void A04_Fast_forwarded_timestamp_and_snapshot_are_recovered_from_by_new_keys()
    {
        _repository.Timestamp.Version = long.MaxValue - 1;
        _repository.Snapshot.Version = long.MaxValue - 1;
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        byte[] timestamp = _repository.Current(_repository.Timestamp);
        Assert.That(_repository.ClientWithSnapshot().Snapshot!.Version, Is.EqualTo(long.MaxValue));

        _repository.Timestamp.Keys = [SoftwareKey.EcdsaP256()];
        _repository.Snapshot.Keys = [SoftwareKey.EcdsaP256()];
        _repository.PublishRoot();
        _repository.Timestamp.Version = 1;
        _repository.Snapshot.Version = 1;
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        TrustedMetadataSet client = _repository.Client();

        // Even if the caller forgot to delete the stored one: its signature is worth nothing any more.
        Assert.That(client.UpdateTimestamp(timestamp).Reason(), Is.EqualTo(RejectionReason.ThresholdNotMet));
        Assert.That(client.UpdateTimestamp(_repository.Current(_repository.Timestamp)).Reason(), Is.EqualTo(RejectionReason.None));
        Assert.That(client.UpdateSnapshot(_repository.Current(_repository.Snapshot)).Reason(), Is.EqualTo(RejectionReason.None));
    }

    [Test]
    public void A_root_after_the_timestamp_is_a_defect_of_the_caller()
    {
        TrustedMetadataSet client = _repository.ClientWithTimestamp();
        Assert.That(() => client.UpdateRoot(_repository.TrustedRoot), Throws.InvalidOperationException);
    }

    [Test]
    [Proves("R-11")]
    public void A12_Root_with_a_threshold_of_zero_is_refused() =>
        Assert.That(Edited(static text => text.Replace("\"threshold\":2", "\"threshold\":0", StringComparison.Ordinal)), Is.EqualTo(RejectionReason.InvalidThreshold));

    [Test]
    [Proves("R-11")]
    public void A12_Root_with_a_negative_threshold_is_refused() =>
        Assert.That(Edited(static text => text.Replace("\"threshold\":2", "\"threshold\":-1", StringComparison.Ordinal)), Is.EqualTo(RejectionReason.InvalidThreshold));

    [Test]
    [Proves("R-11")]
    public void A12_Root_with_a_threshold_above_the_number_of_keys_is_refused() =>
        Assert.That(Edited(static text => text.Replace("\"threshold\":2", "\"threshold\":4", StringComparison.Ordinal)), Is.EqualTo(RejectionReason.InvalidThreshold));

    [Test]
    public void A12_Threshold_beyond_any_integer_is_refused() =>
        Assert.That(Edited(static text => text.Replace("\"threshold\":2", "\"threshold\":4294967298", StringComparison.Ordinal)), Is.EqualTo(RejectionReason.ValueOutOfRange));

    [TestCase("\"keytype\":\"ecdsa\"", "\"keytype\":\"rsa\"")]
    [TestCase("\"scheme\":\"ecdsa-sha2-nistp256\"", "\"scheme\":\"ecdsa-sha2-nistp384\"")]
    [TestCase("\"keytype\":\"ed25519\",\"keyval\":{\"public\":\"", "\"keytype\":\"ed25519\",\"keyval\":{\"public\":\"0")]
    [Proves("R-3")]
    public void A12_Unknown_key_type_or_scheme_is_refused(string from, string to) =>
        Assert.That(Edited(text => text.Replace(from, to, StringComparison.Ordinal)), Is.EqualTo(RejectionReason.UnsupportedKey));

    [Test]
    [Proves("R-3")]
    public void A12_Ed25519_key_in_the_clothes_of_an_ecdsa_key_is_refused()
    {
        string pem = SoftwareKey.Ed25519().PublicKey.ToPem();
        string other = _repository.Timestamp.Keys[0].PublicKey.ToPem();
        Assert.That(Edited(text => text.Replace(other, pem, StringComparison.Ordinal)), Is.EqualTo(RejectionReason.UnsupportedKey));
    }

    [Test]
    [Proves("R-3")]
    public void Keys_on_P384_and_of_RSA_sign_a_root()
    {
        IReadOnlyList<SoftwareKey> old = _repository.Root.Signers;
        _repository.Root.Keys = [SoftwareKey.EcdsaP384(), SoftwareKey.RsaPss(3072)];
        _repository.Root.Signers = [.. old, .. _repository.Root.Keys];
        _repository.PublishRoot();
        Assert.That(_repository.Client().Root.Version, Is.EqualTo(2));
    }

    [TestCase(3072, RejectionReason.DigestMismatch)]
    [TestCase(2048, RejectionReason.UnsupportedKey)]
    [Proves("R-3")]
    public void A24_Key_of_RSA_below_3072_bits_is_refused_before_its_id_is_looked_at(int bits, RejectionReason reason)
    {
        string pem = SoftwareKey.RsaPss(bits).PublicKey.ToPem();
        string ecdsa = _repository.Timestamp.Keys[0].PublicKey.ToPem();
        Assert.That(
            Edited(text => text.Replace($"\"ecdsa\",\"keyval\":{{\"public\":\"{ecdsa}\"}},\"scheme\":\"ecdsa-sha2-nistp256\"", $"\"rsa\",\"keyval\":{{\"public\":\"{pem}\"}},\"scheme\":\"rsassa-pss-sha256\"", StringComparison.Ordinal)),
            Is.EqualTo(reason));
    }

    [Test]
    [Proves("R-3")]
    public void Key_that_devices_would_refuse_is_not_written()
    {
        _repository.Root.Keys = [SoftwareKey.EcdsaP256(), SoftwareKey.RsaPss(2048)];
        Assert.That(_repository.PublishRoot, Throws.TypeOf<RejectedException>().With.Property("Rejection").Property("Reason").EqualTo(RejectionReason.UnsupportedKey));
    }

    [Test]
    [Proves("R-3")]
    public void A11_Key_under_a_second_id_is_refused()
    {
        string id = _repository.Root.Keys[0].PublicKey.Id.ToString();
        string second = id[..^1] + (id[^1] == '0' ? '1' : '0'); // keeps the order of the members
        Assert.That(Edited(text => text.Replace($"\"{id}\"", $"\"{second}\"", StringComparison.Ordinal)), Is.EqualTo(RejectionReason.DigestMismatch));
    }

    [Test]
    [Proves("R-3")]
    public void A11_Key_listed_twice_for_a_role_is_refused()
    {
        string id = _repository.Timestamp.Keys[0].PublicKey.Id.ToString();
        Assert.That(Edited(text => text.Replace($"[\"{id}\"]", $"[\"{id}\",\"{id}\"]", StringComparison.Ordinal)), Is.EqualTo(RejectionReason.DuplicateField));
    }

    [Test]
    [Proves("R-3")]
    public void Key_that_is_not_given_is_refused()
    {
        string id = _repository.Timestamp.Keys[0].PublicKey.Id.ToString();
        Assert.That(Edited(text => text.Replace($"[\"{id}\"]", $"[\"{new string('0', 64)}\"]", StringComparison.Ordinal)), Is.EqualTo(RejectionReason.MissingField));
    }

    [TestCase("\"consistent_snapshot\":true", "\"consistent_snapshot\":false", RejectionReason.ValueOutOfRange)]
    [TestCase("\"consistent_snapshot\":true,", "", RejectionReason.MissingField)]
    [TestCase("\"consistent_snapshot\":true", "\"consistent_snapshot\":1", RejectionReason.WrongType)]
    [TestCase("\"spec_version\":\"1.0.34\"", "\"spec_version\":\"2.0.0\"", RejectionReason.WrongDocument)]
    [TestCase("T00:00:00Z\"", "T00:00:00.5Z\"", RejectionReason.ValueOutOfRange)]
    [TestCase("\"version\":1}", "\"version\":0}", RejectionReason.ValueOutOfRange)]
    [TestCase("\"version\":1}", "\"version\":9223372036854775808}", RejectionReason.ValueOutOfRange)]
    [TestCase("\"version\":1}", "\"version\":\"1\"}", RejectionReason.WrongType)]
    [TestCase("\"targets\":{\"keyids\"", "\"targetz\":{\"keyids\"", RejectionReason.MissingField)]
    [Proves("R-9")]
    public void Root_with_a_wrong_member_is_refused(string from, string to, RejectionReason reason) =>
        Assert.That(Edited(text => text.Replace(from, to, StringComparison.Ordinal)), Is.EqualTo(reason));

    [Test]
    [Proves("R-2")]
    public void Unknown_members_that_are_signed_are_ignored() =>
        Assert.That(Edited(static text => text.Replace("\"version\":1}", "\"version\":1,\"x-note\":{\"a\":[null,-7]}}", StringComparison.Ordinal)), Is.EqualTo(RejectionReason.None));

    private RejectionReason Edited(Func<string, string> edit)
    {
        _repository.Edit(_repository.Root, edit);
        return TrustedMetadataSet.Start(_repository.TrustedRoot, _repository.Now, MetadataProfile.Fota).Reason();
    }
}
