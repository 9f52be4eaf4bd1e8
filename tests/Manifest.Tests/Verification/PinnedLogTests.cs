using Fota.Manifest.Log;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Verification;

/// <summary>Every device pins the logs that its timestamp names (A51): a view that was split, or a log that was cut, is found by whoever saw the other.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PinnedLogTests
{
    private readonly RepositorySimulator _repository = new();
    private readonly MemoryLog _log = new();

    public PinnedLogTests()
    {
        _repository.Logs.Add(_log.AppendNumbered(3));
        _repository.PublishTimestamp();
    }

    private byte[] Current => _repository.Current(_repository.Timestamp);

    [Test]
    [Proves("R-16")]
    public void Timestamp_carries_the_checkpoint_of_the_log_as_it_was_signed()
    {
        VerifiedCheckpoint pinned = _repository.ClientWithTimestamp().Timestamp!.Logs.Single();
        Assert.That(pinned.Note.Bytes.ToArray(), Is.EqualTo(_log.Files[ITileSource.Checkpoint]));
        Assert.That((pinned.Key, pinned.Content.Size), Is.EqualTo((_log.Key, 3)));
    }

    [Test]
    [Proves("W-50")]
    public void Log_that_grew_and_a_log_that_is_new_are_taken()
    {
        TrustedMetadataSet client = _repository.ClientWithTimestamp();
        Assert.That(After(client, _log.AppendNumbered(1), new MemoryLog("log.example/server").AppendNumbered(1)), Is.EqualTo(RejectionReason.None));
        Assert.That(client.Timestamp!.Logs, Has.Count.EqualTo(2));
    }

    [Test]
    [Proves("W-50")]
    public void A51_Log_that_shrank_is_refused()
    {
        MemoryLog other = new();
        TrustedMetadataSet client = _repository.ClientWithTimestamp();
        Assert.That(After(client, _log.Sign(2, other.AppendNumbered(2).Content.Root)), Is.EqualTo(RejectionReason.LogTruncated));
        Assert.That(client.Timestamp!.Version, Is.EqualTo(2));
    }

    [Test]
    [Proves("W-50")]
    public void A51_Other_root_of_the_same_size_is_refused() =>
        Assert.That(After(_repository.ClientWithTimestamp(), _log.Sign(3, Sha256Digest.Of("another tree"u8))), Is.EqualTo(RejectionReason.LogSplitView));

    [Test]
    [Proves("W-50")]
    public void A51_Timestamp_without_the_log_is_refused() => Assert.That(After(_repository.ClientWithTimestamp()), Is.EqualTo(RejectionReason.LogTruncated));

    [Test]
    [Proves("W-50")]
    public void A51_Other_key_under_the_name_of_the_log_is_refused() =>
        Assert.That(After(_repository.ClientWithTimestamp(), new MemoryLog().AppendNumbered(4)), Is.EqualTo(RejectionReason.ForeignLog));

    [Test]
    [Proves("W-50")]
    public void A51_Log_under_another_name_does_not_take_the_place_of_the_one_that_was_pinned() =>
        Assert.That(After(_repository.ClientWithTimestamp(), new MemoryLog("log.example/new").AppendNumbered(4)), Is.EqualTo(RejectionReason.LogTruncated));

    [Test]
    [Proves("W-50")]
    public void A14_A51_Expired_timestamp_still_pins_its_logs()
    {
        _repository.Timestamp.Expires = _repository.Now;
        _repository.PublishTimestamp();
        TrustedMetadataSet client = _repository.Client();
        Assert.That(client.UpdateTimestamp(Current).Reason(), Is.EqualTo(RejectionReason.MetadataExpired));
        _repository.Timestamp.Expires = _repository.Now + TimeSpan.FromDays(1);
        Assert.That(After(client), Is.EqualTo(RejectionReason.LogTruncated));
    }

    [Test]
    [Proves("R-16")]
    public void Checkpoint_that_the_log_did_not_sign_is_refused_although_the_timestamp_is_signed() =>
        Assert.That(Edited(static text => text.Replace("\n3\n", "\n4\n", StringComparison.Ordinal)), Is.EqualTo(RejectionReason.SignatureInvalid));

    [Test]
    [Proves("R-16")]
    public void Member_beside_key_and_checkpoint_is_refused() =>
        Assert.That(Edited(static text => text.Replace("\"vkey\":", "\"version\":1,\"vkey\":", StringComparison.Ordinal)), Is.EqualTo(RejectionReason.UnknownField));

    [Test]
    [Proves("R-16")]
    public void Log_without_a_key_is_refused() =>
        Assert.That(Edited(static text => text.Replace("\"vkey\":", "\"xkey\":", StringComparison.Ordinal)), Is.EqualTo(RejectionReason.MissingField));

    [Test]
    [Proves("R-16")]
    public void Log_that_is_named_twice_is_refused() =>
        Assert.That(Edited(static text => text.Replace("\"logs\":[", "\"logs\":[" + Logs(text) + ",", StringComparison.Ordinal)), Is.EqualTo(RejectionReason.DuplicateField));

    [Test]
    [Proves("R-16")]
    public void Empty_list_of_logs_is_refused() =>
        Assert.That(Edited(static text => text.Replace("\"logs\":[" + Logs(text) + "]", "\"logs\":[]", StringComparison.Ordinal)), Is.EqualTo(RejectionReason.LimitExceeded));

    [Test]
    [Proves("R-16")]
    public void More_logs_than_eight_are_not_written() =>
        Assert.That(() => new TimestampMetadata(1, _repository.Now, _repository.TimestampMeta!, [.. Enumerable.Range(0, 9).Select(static i => new MemoryLog($"log.example/{i}").AppendNumbered(1))]), Throws.TypeOf<RejectedException>().With.Message.StartsWith("LimitExceeded"));

    [Test]
    [Proves("R-17", "W-50")]
    public void P8_A51_Log_of_a_server_is_pinned_as_the_signer_s_is()
    {
        MemoryLog server = new("updates.example/audit");
        _repository.ServerLogs.Add(server.AppendNumbered(2));
        _repository.PublishTimestamp();
        TrustedMetadataSet client = _repository.ClientWithTimestamp();
        Assert.That((client.Timestamp!.Logs.Single().Key, client.Timestamp.ServerLogs.Single().Key), Is.EqualTo((_log.Key, server.Key)));
        Assert.That(AfterServer(server.Sign(1, Sha256Digest.Of("cut"u8))), Is.EqualTo(RejectionReason.LogTruncated));
        Assert.That(AfterServer(server.Sign(2, Sha256Digest.Of("another tree"u8))), Is.EqualTo(RejectionReason.LogSplitView));
        Assert.That(AfterServer(new MemoryLog("updates.example/audit").AppendNumbered(3)), Is.EqualTo(RejectionReason.ForeignLog));
        Assert.That(AfterServer(), Is.EqualTo(RejectionReason.LogTruncated), "it is not named any more");
        Assert.That(AfterServer(server.AppendNumbered(1)), Is.EqualTo(RejectionReason.None));

        RejectionReason AfterServer(params VerifiedCheckpoint[] logs)
        {
            _repository.ServerLogs.Clear();
            logs.ToList().ForEach(_repository.ServerLogs.Add);
            return After(client, [.. _repository.Logs]);
        }
    }

    [Test]
    [Proves("R-17")]
    public void Log_that_is_both_the_signer_s_and_a_server_s_is_not_written() => Assert.That(
        () => new TimestampMetadata(1, _repository.Now, _repository.TimestampMeta!, [.. _repository.Logs], [.. _repository.Logs]), Throws.TypeOf<RejectedException>().With.Message.StartsWith("DuplicateField"));

    [Test]
    [Proves("R-20")]
    public void Other_writers_members_of_that_name_mean_nothing_to_the_profile_tuf()
    {
        _repository.Edit(_repository.Timestamp, static text => text.Replace("\"logs\":[" + Logs(text) + "]", "\"logs\":5", StringComparison.Ordinal));
        TrustedMetadataSet client = TrustedMetadataSet.Start(_repository.TrustedRoot, _repository.Now, MetadataProfile.Tuf).OrThrow();
        Assert.That(client.UpdateTimestamp(Current).OrThrow().Logs, Is.Empty);
    }

    private static string Logs(string text) => text[(text.IndexOf("\"logs\":[", StringComparison.Ordinal) + 8)..text.IndexOf("],\"meta\"", StringComparison.Ordinal)];

    private RejectionReason After(TrustedMetadataSet client, params VerifiedCheckpoint[] logs)
    {
        _repository.Logs.Clear();
        logs.ToList().ForEach(_repository.Logs.Add);
        _repository.PublishTimestamp();
        return client.UpdateTimestamp(Current).Reason();
    }

    private RejectionReason Edited(Func<string, string> edit)
    {
        _repository.Edit(_repository.Timestamp, edit);
        return _repository.Client().UpdateTimestamp(Current).Reason();
    }
}
