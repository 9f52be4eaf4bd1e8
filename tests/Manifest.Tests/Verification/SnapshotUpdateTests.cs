using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Verification;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SnapshotUpdateTests
{
    private readonly RepositorySimulator _repository = new();

    private byte[] Current => _repository.Current(_repository.Snapshot);

    [Test]
    [Proves("W-12")]
    public void A01_Snapshot_signed_by_a_key_of_another_role_is_refused()
    {
        _repository.Snapshot.Signers = [_repository.Timestamp.Keys[0], _repository.Targets.Keys[0]];
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        Assert.That(_repository.ClientWithTimestamp().UpdateSnapshot(Current).Reason(), Is.EqualTo(RejectionReason.ThresholdNotMet));
    }

    [Test]
    [Proves("W-13")]
    public void A02_Snapshot_of_an_older_version_than_the_timestamp_says_is_refused()
    {
        _repository.TimestampMeta = _repository.TimestampMeta! with { Version = 2 };
        _repository.PublishTimestamp();
        Assert.That(_repository.ClientWithTimestamp().UpdateSnapshot(Current).Reason(), Is.EqualTo(RejectionReason.MetadataVersionMismatch));
    }

    [Test]
    public void A02_Old_snapshot_file_is_refused()
    {
        byte[] old = Current;
        _repository.Publish();
        Assert.That(_repository.ClientWithTimestamp().UpdateSnapshot(old).Reason(), Is.EqualTo(RejectionReason.DigestMismatch));
    }

    [TestCase("targets.json")]
    [TestCase("infusion-pump.json")]
    [Proves("W-14")]
    public void A02_Snapshot_that_lowers_the_version_of_a_role_is_refused(string name)
    {
        _repository.PublishTargets();
        _repository.Publish();
        byte[] stored = Current;
        _repository.SnapshotMeta[name] = _repository.SnapshotMeta[name] with { Version = 1 };
        Assert.That(UpdateWithStored(stored), Is.EqualTo(RejectionReason.MetadataRollback));
    }

    [Test]
    [Proves("W-14")]
    public void A10_Snapshot_that_drops_a_role_is_refused()
    {
        byte[] stored = Current;
        _repository.SnapshotMeta.Remove("infusion-pump.json");
        Assert.That(UpdateWithStored(stored), Is.EqualTo(RejectionReason.UnknownRole));
    }

    [Test]
    [Proves("R-12")]
    public void A10_Snapshot_without_the_top_level_targets_is_refused()
    {
        _repository.Edit(_repository.Snapshot, static text => text.Replace("\"targets.json\"", "\"venti.json\"", StringComparison.Ordinal));
        _repository.PublishTimestamp();
        Assert.That(_repository.ClientWithTimestamp().UpdateSnapshot(Current).Reason(), Is.EqualTo(RejectionReason.MissingField));
    }

    [TestCase("../pump.json")]
    [TestCase("infusion-pump")]
    [TestCase("root.json")]
    [TestCase("Pump.json")]
    [Proves("R-12")]
    public void A15_Snapshot_that_names_no_role_is_refused(string name)
    {
        _repository.Edit(_repository.Snapshot, text => text.Replace("\"infusion-pump.json\"", $"\"{name}\"", StringComparison.Ordinal));
        _repository.PublishTimestamp();
        Assert.That(_repository.ClientWithTimestamp().UpdateSnapshot(Current).Reason(), Is.EqualTo(RejectionReason.UnsafePath));
    }

    [Test]
    [Proves("W-15")]
    public void A03_Expired_snapshot_is_refused()
    {
        _repository.Snapshot.Expires = _repository.Now;
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        TrustedMetadataSet client = _repository.ClientWithTimestamp();
        Assert.That(client.UpdateSnapshot(Current).Reason(), Is.EqualTo(RejectionReason.MetadataExpired));
        Assert.That(client.Snapshot, Is.Null);
    }

    [Test]
    [Proves("W-4")]
    public void A04_Fast_forwarded_targets_are_recovered_from_once_the_stored_snapshot_is_worth_nothing()
    {
        _repository.SnapshotMeta["targets.json"] = _repository.SnapshotMeta["targets.json"] with { Version = long.MaxValue };
        _repository.PublishSnapshot();
        byte[] stored = Current;
        _repository.Snapshot.Keys = [SoftwareKey.EcdsaP256()];
        _repository.PublishRoot();
        _repository.PublishTargets();
        Assert.That(UpdateWithStored(stored), Is.EqualTo(RejectionReason.None));
    }

    [Test]
    [Proves("W-11")]
    public void A05_Snapshot_of_another_publication_is_refused()
    {
        _repository.PublishSnapshot();
        byte[] stray = Current;
        _repository.Snapshot.Version--;
        _repository.Snapshot.Expires += TimeSpan.FromSeconds(1);
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        Assert.That(_repository.ClientWithTimestamp().UpdateSnapshot(stray).Reason(), Is.EqualTo(RejectionReason.DigestMismatch));
    }

    [Test]
    public void A06_Snapshot_longer_than_the_timestamp_says_is_refused() =>
        Assert.That(_repository.ClientWithTimestamp().UpdateSnapshot((byte[])[.. Current, 0x20]).Reason(), Is.EqualTo(RejectionReason.LengthMismatch));

    [Test]
    public void A_stored_snapshot_that_is_the_newest_is_taken()
    {
        TrustedMetadataSet client = _repository.ClientWithTimestamp();
        Assert.That(client.LoadStoredSnapshot(Current).OrThrow(), Is.SameAs(client.Snapshot));
    }

    [Test]
    public void A_stored_snapshot_that_was_superseded_is_refused_and_the_new_one_is_taken()
    {
        byte[] stored = Current;
        _repository.Publish();
        TrustedMetadataSet client = _repository.ClientWithTimestamp();
        Assert.That(client.LoadStoredSnapshot(stored).Reason(), Is.EqualTo(RejectionReason.MetadataVersionMismatch));
        Assert.That(client.Snapshot, Is.Null);
        Assert.That(client.UpdateSnapshot(Current).Reason(), Is.EqualTo(RejectionReason.None));
    }

    [Test]
    [Proves("W-11")]
    public void A05_Stored_snapshot_of_the_right_version_with_another_digest_is_refused()
    {
        byte[] stored = Current;
        _repository.Snapshot.Version--;
        _repository.Snapshot.Expires += TimeSpan.FromDays(1);
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        Assert.That(_repository.ClientWithTimestamp().LoadStoredSnapshot(stored).Reason(), Is.EqualTo(RejectionReason.DigestMismatch));
    }

    [Test]
    public void A01_Stored_snapshot_that_was_tampered_with_is_refused()
    {
        byte[] stored = Current;
        stored[^3] ^= 1; // the last digit of its version
        Assert.That(_repository.ClientWithTimestamp().LoadStoredSnapshot(stored).Reason(), Is.EqualTo(RejectionReason.ThresholdNotMet));
    }

    [Test]
    [Proves("W-14")]
    public void A14_Expired_stored_snapshot_still_blocks_rollback()
    {
        _repository.PublishTargets();
        _repository.Snapshot.Expires = _repository.Now;
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        TrustedMetadataSet client = _repository.ClientWithTimestamp();
        Assert.That(client.LoadStoredSnapshot(Current).Reason(), Is.EqualTo(RejectionReason.MetadataExpired));
        Assert.That(client.Snapshot, Is.Null);

        byte[] stored = Current;
        _repository.Snapshot.Expires = _repository.Now + TimeSpan.FromDays(1);
        _repository.SnapshotMeta["targets.json"] = _repository.SnapshotMeta["targets.json"] with { Version = 1 };
        Assert.That(UpdateWithStored(stored), Is.EqualTo(RejectionReason.MetadataRollback));
    }

    [Test]
    public void A_snapshot_before_the_timestamp_is_a_defect_of_the_caller() =>
        Assert.That(() => _repository.Client().UpdateSnapshot(Current), Throws.InvalidOperationException);

    [Test]
    public void A03_Snapshot_after_an_expired_timestamp_is_a_defect_of_the_caller()
    {
        _repository.Timestamp.Expires = _repository.Now;
        _repository.PublishTimestamp();
        TrustedMetadataSet client = _repository.Client();
        client.UpdateTimestamp(_repository.Current(_repository.Timestamp));
        Assert.That(() => client.UpdateSnapshot(Current), Throws.InvalidOperationException);
    }

    [Test]
    [Proves("R-4")]
    public void A17_Missing_hashes_of_targets_metadata_are_refused()
    {
        string hashes = $"\"hashes\":{{\"sha256\":\"{Sha256Digest.Of(_repository.Current(_repository.Targets))}\"}},";
        _repository.Edit(_repository.Snapshot, text => text.Replace(hashes, "", StringComparison.Ordinal));
        _repository.PublishTimestamp();
        Assert.That(_repository.ClientWithTimestamp().UpdateSnapshot(Current).Reason(), Is.EqualTo(RejectionReason.MissingField));
    }

    /// <summary>Publishes a next snapshot and shows it to a client that has <paramref name="stored"/>.</summary>
    private RejectionReason UpdateWithStored(byte[] stored)
    {
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        TrustedMetadataSet client = _repository.ClientWithTimestamp();
        Assert.That(client.LoadStoredSnapshot(stored).Reason(), Is.Not.EqualTo(RejectionReason.None));
        return client.UpdateSnapshot(Current).Reason();
    }
}
