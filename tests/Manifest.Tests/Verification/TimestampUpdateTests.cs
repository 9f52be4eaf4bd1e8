using System.Text.RegularExpressions;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Verification;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed partial class TimestampUpdateTests
{
    private readonly RepositorySimulator _repository = new();

    private byte[] Current => _repository.Current(_repository.Timestamp);

    [Test]
    public void A_newer_timestamp_is_taken()
    {
        TrustedMetadataSet client = _repository.ClientWithTimestamp();
        _repository.PublishTimestamp();
        Assert.That(client.UpdateTimestamp(Current).OrThrow(), Is.SameAs(client.Timestamp));
        Assert.That(client.Timestamp!.Version, Is.EqualTo(2));
    }

    [Test]
    [Proves("W-8")]
    public void A01_Timestamp_signed_by_a_key_of_another_role_is_refused()
    {
        _repository.Timestamp.Signers = [_repository.Snapshot.Keys[0], _repository.Targets.Keys[0], .. _repository.Root.Keys];
        _repository.PublishTimestamp();
        Assert.That(_repository.Client().UpdateTimestamp(Current).Reason(), Is.EqualTo(RejectionReason.ThresholdNotMet));
    }

    [Test]
    public void A01_Another_document_signed_by_the_key_of_the_timestamp_is_no_timestamp()
    {
        _repository.Snapshot.Signers = _repository.Timestamp.Keys;
        _repository.PublishSnapshot();
        Assert.That(_repository.Client().UpdateTimestamp(_repository.Current(_repository.Snapshot)).Reason(), Is.EqualTo(RejectionReason.WrongDocument));
    }

    [Test]
    [Proves("R-13")]
    public void A16_Timestamp_without_any_signature_is_refused()
    {
        _repository.Timestamp.Signers = [];
        _repository.PublishTimestamp();
        Assert.That(_repository.Client().UpdateTimestamp(Current).Reason(), Is.EqualTo(RejectionReason.NoSignatures));
    }

    [Test]
    [Proves("W-9")]
    public void A02_Old_timestamp_is_refused()
    {
        byte[] old = Current;
        _repository.PublishTimestamp();
        TrustedMetadataSet client = _repository.ClientWithTimestamp();
        Assert.That(client.UpdateTimestamp(old).Reason(), Is.EqualTo(RejectionReason.MetadataRollback));
        Assert.That(client.Timestamp!.Version, Is.EqualTo(2));
    }

    [Test]
    [Proves("W-9")]
    public void A02_New_timestamp_with_an_old_snapshot_is_refused()
    {
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        TrustedMetadataSet client = _repository.ClientWithTimestamp();
        _repository.Snapshot.Version = 0;
        _repository.PublishSnapshot();
        _repository.PublishTimestamp();
        Assert.That(client.UpdateTimestamp(Current).Reason(), Is.EqualTo(RejectionReason.MetadataRollback));
    }

    [Test]
    [Proves("W-9")]
    public void Timestamp_of_the_same_version_keeps_the_old_one()
    {
        TrustedMetadataSet client = _repository.ClientWithTimestamp();
        object? old = client.Timestamp;
        _repository.Timestamp.Version--;
        _repository.Timestamp.Expires += TimeSpan.FromDays(300);
        _repository.PublishTimestamp();
        Assert.That(client.UpdateTimestamp(Current).OrThrow(), Is.SameAs(old));
        Assert.That(client.Timestamp, Is.SameAs(old));
    }

    [Test]
    [Proves("W-10")]
    public void A03_Expired_timestamp_is_refused()
    {
        _repository.Timestamp.Expires = _repository.Now;
        _repository.PublishTimestamp();
        TrustedMetadataSet client = _repository.Client();
        Assert.That(client.UpdateTimestamp(Current).Reason(), Is.EqualTo(RejectionReason.MetadataExpired));
        Assert.That(client.Timestamp, Is.Null);
    }

    [Test]
    [Proves("W-10")]
    public void A03_Timestamp_that_lives_one_second_longer_is_taken()
    {
        _repository.Timestamp.Expires = _repository.Now + TimeSpan.FromSeconds(1);
        _repository.PublishTimestamp();
        Assert.That(_repository.Client().UpdateTimestamp(Current).Reason(), Is.EqualTo(RejectionReason.None));
    }

    [Test]
    public void A03_Timestamp_of_the_version_of_an_expired_one_is_refused()
    {
        _repository.Timestamp.Expires = _repository.Now;
        _repository.PublishTimestamp();
        TrustedMetadataSet client = _repository.Client();
        client.UpdateTimestamp(Current);
        Assert.That(client.UpdateTimestamp(Current).Reason(), Is.EqualTo(RejectionReason.MetadataExpired));
    }

    [Test]
    [Proves("W-9")]
    public void A14_Expired_timestamp_still_blocks_rollback()
    {
        byte[] old = Current;
        _repository.Timestamp.Expires = _repository.Now;
        _repository.PublishTimestamp();
        TrustedMetadataSet client = _repository.Client();
        Assert.That(client.UpdateTimestamp(Current).Reason(), Is.EqualTo(RejectionReason.MetadataExpired));
        Assert.That(client.UpdateTimestamp(old).Reason(), Is.EqualTo(RejectionReason.MetadataRollback));
        Assert.That(client.Timestamp, Is.Null);
    }

    [Test]
    public void A14_Newer_timestamp_replaces_an_expired_one()
    {
        _repository.Timestamp.Expires = _repository.Now;
        _repository.PublishTimestamp();
        TrustedMetadataSet client = _repository.Client();
        client.UpdateTimestamp(Current);
        _repository.Timestamp.Expires = _repository.Now + TimeSpan.FromDays(1);
        _repository.PublishTimestamp();
        Assert.That(client.UpdateTimestamp(Current).Reason(), Is.EqualTo(RejectionReason.None));
    }

    [Test]
    [Proves("R-4")]
    public void A17_Missing_hashes_of_the_snapshot_are_refused() =>
        Assert.That(Edited(static text => Hashes().Replace(text, "")), Is.EqualTo(RejectionReason.MissingField));

    [Test]
    [Proves("R-4")]
    public void A17_Missing_length_of_the_snapshot_is_refused() =>
        Assert.That(Edited(static text => Length().Replace(text, "")), Is.EqualTo(RejectionReason.MissingField));

    [Test]
    [Proves("R-4")]
    public void A25_Hashes_without_sha256_are_refused() =>
        Assert.That(Edited(static text => text.Replace("sha256", "sha512", StringComparison.Ordinal)), Is.EqualTo(RejectionReason.UnsupportedDigest));

    [Test]
    [Proves("R-12")]
    public void Timestamp_that_describes_more_than_the_snapshot_is_refused() =>
        Assert.That(Edited(static text => text.Replace("\"version\":1}}", "\"version\":1},\"targets.json\":{}}", StringComparison.Ordinal)), Is.EqualTo(RejectionReason.UnknownField));

    [Test]
    public void A_timestamp_after_the_snapshot_is_a_defect_of_the_caller()
    {
        TrustedMetadataSet client = _repository.ClientWithSnapshot();
        Assert.That(() => client.UpdateTimestamp(Current), Throws.InvalidOperationException);
    }

    private RejectionReason Edited(Func<string, string> edit)
    {
        _repository.Edit(_repository.Timestamp, edit);
        return _repository.Client().UpdateTimestamp(Current).Reason();
    }

    [GeneratedRegex("\"hashes\":{[^}]*},", RegexOptions.None, 1000)]
    private static partial Regex Hashes();

    [GeneratedRegex("\"length\":[0-9]+,", RegexOptions.None, 1000)]
    private static partial Regex Length();
}
