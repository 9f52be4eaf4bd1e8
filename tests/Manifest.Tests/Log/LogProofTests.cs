using Fota.Manifest.Log;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Log;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Proves("L-7")]
public sealed class LogProofTests
{
    private const string Extra = "extra EQAAAA==\n";

    private readonly MemoryLog _log = new();
    private readonly VerifiedCheckpoint _checkpoint;
    private readonly byte[] _proof;

    public LogProofTests()
    {
        _checkpoint = _log.AppendNumbered(300);
        _proof = LogProof.Make(_log, _checkpoint, 17).ToBytes();
    }

    [Test]
    public void Proof_has_the_form_of_the_specification()
    {
        string[] lines = System.Text.Encoding.UTF8.GetString(_proof).Split('\n');
        Assert.That(lines[..3], Is.EqualTo(["c2sp.org/tlog-proof@v1", $"extra {Convert.ToBase64String(BitConverter.GetBytes(17))}", "index 17"]));
        Assert.That(lines[3..12], Has.All.Length.EqualTo(44));
        Assert.That(lines[12..15], Is.EqualTo(["", _log.Key.Name, "300"]));
    }

    [Test]
    public void Every_bit_of_a_proof_counts() => Refusal.EveryBitFlip(_proof, IsProof);

    [Test]
    public void Every_byte_of_a_proof_counts() => Refusal.EveryTruncation(_proof, IsProof);

    [Test]
    public void Proof_of_another_entry_proves_nothing() => LogProof.Decode(_proof).IsAccepted().Verify(_log.Key, BitConverter.GetBytes(18)).IsRefusedFor(RejectionReason.LogMismatch);

    [Test]
    public void Proof_by_another_log_proves_nothing() => LogProof.Decode(_proof).IsAccepted().Verify(new MemoryLog("other.example").Key, BitConverter.GetBytes(17)).IsRefusedFor(RejectionReason.ForeignLog);

    [Test]
    public void Extra_matter_is_carried_and_believed_by_nobody()
    {
        byte[] other = Edited(Extra, "extra ZXh0cmE=\n"), none = Edited(Extra, "");
        LogProof proof = LogProof.Decode(other).IsAccepted();
        Assert.That(proof.ExtraBytes.ToArray(), Is.EqualTo("extra"u8.ToArray()));
        Assert.That(proof.ToBytes(), Is.EqualTo(other));
        foreach (byte[] file in (byte[][])[other, none])
        {
            LogProof.Decode(file).IsAccepted().Verify(_log.Key, BitConverter.GetBytes(17)).IsAccepted();
        }

        proof.VerifyOwnEntry(_log.Key).IsRefusedFor(RejectionReason.LogMismatch);
        LogProof.Decode(none).IsAccepted().VerifyOwnEntry(_log.Key).IsRefusedFor(RejectionReason.MissingField);
    }

    [TestCase("@v1", "@v2", RejectionReason.WrongDocument)]
    [TestCase("index 17", "index 017", RejectionReason.ValueOutOfRange)]
    [TestCase(Extra, "extra \n", RejectionReason.LimitExceeded)]
    [TestCase(Extra, "extra !\n", RejectionReason.Malformed)]
    [TestCase("index 17\n", "", RejectionReason.ValueOutOfRange)]
    [TestCase("index 17\n", "index 17\n!\n", RejectionReason.Malformed)]
    [TestCase("index 17\n", "index 17\nZXh0cmE=\n", RejectionReason.ValueOutOfRange)]
    public void Malformed_proof_is_refused(string wanted, string got, RejectionReason reason) => LogProof.Decode(Edited(wanted, got)).IsRefusedFor(reason);

    [Test]
    public void More_hashes_than_a_tree_is_deep_are_refused() =>
        LogProof.Decode(Edited("index 17\n", "index 17\n" + string.Concat(Enumerable.Repeat(Convert.ToBase64String(new byte[32]) + "\n", 64)))).IsRefusedFor(RejectionReason.LimitExceeded);

    [Test]
    public void Proof_of_an_entry_that_is_not_there_is_not_made() =>
        Assert.That(() => LogProof.Make(_log, _checkpoint, 300), Throws.TypeOf<RejectedException>().With.Message.Contains("wanted one of 0 to 299, got 300"));

    [Test]
    public void Proof_out_of_tiles_that_are_not_the_checkpoints_is_not_made()
    {
        _log.Files["tile/0/000"][40] ^= 1;
        Assert.That(() => LogProof.Make(_log, _checkpoint, 17), Throws.TypeOf<RejectedException>().With.Message.StartsWith("LogMismatch"));
    }

    private bool IsProof(byte[] file) => LogProof.Decode(file).IsAccepted(out LogProof? proof, out _) && proof.VerifyOwnEntry(_log.Key).IsAccepted(out _, out _);

    private byte[] Edited(string wanted, string got) => System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(_proof).Replace(wanted, got, StringComparison.Ordinal));
}
