using Fota.Manifest.Log;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Log;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Proves("L-5")]
public sealed class CheckpointTests
{
    private const string Root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";

    private readonly MemoryLog _log = new();

    [Test]
    public void Example_of_the_specification_is_read_and_written_again()
    {
        string text = $"example.com/behind-the-sofa\n20852163\n{Root}\nan extension\n";
        Checkpoint checkpoint = Checkpoint.Parse(text);
        Assert.That((checkpoint.Origin, checkpoint.Size, checkpoint.Extensions.Single()), Is.EqualTo(("example.com/behind-the-sofa", 20852163, "an extension")));
        Assert.That(checkpoint.ToText(), Is.EqualTo(text));
    }

    [TestCase("log\n1\n", RejectionReason.Malformed, TestName = "No_root")]
    [TestCase("\n1\n" + Root + "\n", RejectionReason.Malformed, TestName = "No_origin")]
    [TestCase("log\n1\n" + Root + "\n\n", RejectionReason.Malformed, TestName = "Empty_extension")]
    [TestCase("log\n1\n" + Root, RejectionReason.Malformed, TestName = "No_line_feed_at_the_end")]
    [TestCase("log\n01\n" + Root + "\n", RejectionReason.ValueOutOfRange, TestName = "Leading_zero")]
    [TestCase("log\n-1\n" + Root + "\n", RejectionReason.ValueOutOfRange, TestName = "Negative")]
    [TestCase("log\n9223372036854775808\n" + Root + "\n", RejectionReason.ValueOutOfRange, TestName = "Beyond_63_bits")]
    [TestCase("log\n1\nCsUY\n", RejectionReason.ValueOutOfRange, TestName = "Short_root")]
    [TestCase("log\n1\n=\n", RejectionReason.Malformed, TestName = "Root_that_is_no_base64")]
    public void Malformed_checkpoint_is_refused(string text, RejectionReason reason) => Verdict.Of(() => Checkpoint.Parse(text)).IsRefusedFor(reason);

    [Test]
    public void Checkpoint_of_another_origin_is_refused_although_the_key_signed_it() =>
        VerifiedCheckpoint.Verify(_log.Sign($"another.example\n1\n{Root}\n").Bytes, _log.Key).IsRefusedFor(RejectionReason.ForeignLog);

    [Test]
    public void Empty_tree_has_one_root() => VerifiedCheckpoint.Verify(_log.Sign($"{_log.Key.Name}\n0\n{Root}\n").Bytes, _log.Key).IsRefusedFor(RejectionReason.LogMismatch);

    [Test]
    public void A51_Smaller_tree_is_no_successor()
    {
        VerifiedCheckpoint small = _log.AppendNumbered(3), large = _log.AppendNumbered(1);
        Assert.That(small.CheckSuccessorOf(large)!.Reason, Is.EqualTo(RejectionReason.LogTruncated));
        Assert.That(large.CheckSuccessorOf(small), Is.Null);
    }

    [Test]
    public void A51_Other_root_of_the_same_size_is_a_split_view()
    {
        VerifiedCheckpoint one = _log.AppendNumbered(3), other = _log.Sign(3, Sha256Digest.Of("other"u8));
        Assert.That(other.CheckSuccessorOf(one)!.Reason, Is.EqualTo(RejectionReason.LogSplitView));
    }

    [Test]
    public void Another_key_under_the_same_name_is_another_log()
    {
        VerifiedCheckpoint one = _log.AppendNumbered(3), other = new MemoryLog().AppendNumbered(4);
        Assert.That(other.CheckSuccessorOf(one)!.Reason, Is.EqualTo(RejectionReason.ForeignLog));
    }

    [Test]
    public void A51_Larger_tree_that_began_otherwise_is_a_split_view()
    {
        VerifiedCheckpoint forked = _log.Sign(3, Sha256Digest.Of("other"u8)), grown = _log.AppendNumbered(300);
        Assert.That(grown.CheckSuccessorOf(forked, new TiledTree(_log, 300))!.Reason, Is.EqualTo(RejectionReason.LogSplitView));
    }
}
