using Fota.Manifest.Log;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Log;

[Proves("L-3", "L-4")]
public sealed class NoteTests
{
    // The example of the package that signed notes come from, golang.org/x/mod/sumdb/note.
    private const string Name = "PeterNeumann", Vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    private const string Text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";

    private const string Signature = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    private const string Note = Text + "\n" + Signature;

    private readonly NoteKey _key = NoteKey.Parse(Vkey);

    [Test]
    public void Note_of_another_writer_verifies()
    {
        SignedNote note = Decode(Note).IsAccepted();
        Assert.That(note.Check(_key), Is.Null);
        Assert.That((note.Text, note.Signatures.Single().Name), Is.EqualTo((Text, Name)));
        Assert.That(NoteKey.Of(Name, _key.Key).Text, Is.EqualTo(Vkey));
    }

    [Test]
    public void Every_bit_of_a_note_counts() =>
        Refusal.EveryBitFlip(System.Text.Encoding.UTF8.GetBytes(Note), note => SignedNote.Decode(note).IsAccepted(out SignedNote? read, out _) && read.Check(_key) is null);

    [Test]
    public void Every_byte_of_a_note_counts() =>
        Refusal.EveryTruncation(System.Text.Encoding.UTF8.GetBytes(Note), note => SignedNote.Decode(note).IsAccepted(out SignedNote? read, out _) && read.Check(_key) is null);

    [Test]
    public void Signatures_of_other_keys_are_passed_over()
    {
        string other = new MemoryLog("example.com/witness").Sign(Text).Bytes.ToArray() is var bytes ? System.Text.Encoding.UTF8.GetString(bytes)[(Text.Length + 1)..] : "";
        SignedNote note = Decode(Text + "\n" + other + Signature + other.Replace("example.com", "example.org", StringComparison.Ordinal)).IsAccepted();
        Assert.That(note.Check(_key), Is.Null);
        Assert.That(note.Signatures, Has.Count.EqualTo(3));
    }

    [Test]
    public void A16_Note_without_a_signature_of_the_key_is_refused() =>
        Assert.That(Decode(Note).IsAccepted().Check(new MemoryLog("other.example").Key)!.Reason, Is.EqualTo(RejectionReason.NoSignatures));

    [Test]
    public void False_signature_under_the_keys_own_name_spoils_the_note()
    {
        string forged = Note.Replace("your problem is", "my problem is", StringComparison.Ordinal);
        Assert.That(Decode(forged).IsAccepted().Check(_key)!.Reason, Is.EqualTo(RejectionReason.SignatureInvalid));
        string both = Note + Signature.Replace("JnAM=", "JnAQ=", StringComparison.Ordinal);
        Assert.That(Decode(both).IsAccepted().Check(_key)!.Reason, Is.EqualTo(RejectionReason.SignatureInvalid));
    }

    [TestCase("text\n\n", RejectionReason.NoSignatures)]
    [TestCase("text\n— a AAAAAAA=\n", RejectionReason.Malformed, TestName = "No_empty_line")]
    [TestCase("text\n\n— a AAAAAAA=", RejectionReason.Malformed, TestName = "No_last_line_feed")]
    [TestCase("text\n\n- a AAAAAAA=\n", RejectionReason.Malformed, TestName = "No_dash")]
    [TestCase("text\n\n— a b AAAAAAA=\n", RejectionReason.Malformed, TestName = "Space_in_the_name")]
    [TestCase("text\n\n— a+b AAAAAAA=\n", RejectionReason.Malformed, TestName = "Plus_in_the_name")]
    [TestCase("text\n\n—  AAAAAAA=\n", RejectionReason.Malformed, TestName = "No_name")]
    [TestCase("text\n\n— a AAAAAA==\n", RejectionReason.Malformed, TestName = "Key_id_and_nothing_else")]
    [TestCase("text\n\n— a AAAAAAB=\n", RejectionReason.Malformed, TestName = "Second_spelling_of_base64")]
    [TestCase("text\n\n— a AAAAAAA\n", RejectionReason.Malformed, TestName = "Base64_without_padding")]
    [TestCase("te\txt\n\n— a AAAAAAA=\n", RejectionReason.Malformed, TestName = "Control_character")]
    public void Malformed_note_is_refused(string note, RejectionReason reason) => Decode(note).IsRefusedFor(reason);

    [Test]
    public void Note_that_is_no_utf8_is_refused() => SignedNote.Decode((byte[])[0xff, .. System.Text.Encoding.UTF8.GetBytes(Note)]).IsRefusedFor(RejectionReason.Malformed);

    [Test]
    public void Sixteen_signatures_are_taken_and_33_are_not()
    {
        Assert.That(Decode(Text + "\n" + string.Concat(Enumerable.Repeat(Signature, 16))).IsAccepted().Check(_key), Is.Null);
        Decode(Text + "\n" + string.Concat(Enumerable.Repeat(Signature, 33))).IsRefusedFor(RejectionReason.LimitExceeded);
    }

    [Test]
    public void Note_beyond_the_limit_is_refused() => SignedNote.Decode(new byte[LogLimits.NoteBytes + 1]).IsRefusedFor(RejectionReason.LimitExceeded);

    [TestCase("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", RejectionReason.DigestMismatch, TestName = "Other_id")]
    [TestCase("PeterNeumanm+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", RejectionReason.DigestMismatch, TestName = "Other_name")]
    [TestCase("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", RejectionReason.DigestMismatch, TestName = "Upper_case")]
    [TestCase("PeterNeumann+c74f20a3+ABpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", RejectionReason.UnsupportedKey, TestName = "Other_algorithm")]
    [TestCase("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10Q=", RejectionReason.UnsupportedKey, TestName = "Short_key")]
    [TestCase("Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", RejectionReason.ValueOutOfRange, TestName = "Name_with_a_space")]
    [TestCase("PeterNeumann+c74f20a3", RejectionReason.Malformed, TestName = "No_key")]
    [TestCase("PeterNeumann+c74f20a3+", RejectionReason.Malformed, TestName = "Empty_key")]
    public void Vkey_that_is_none_is_refused(string vkey, RejectionReason reason) => Verdict.Of(() => NoteKey.Parse(vkey)).IsRefusedFor(reason);

    private static Verdict<SignedNote> Decode(string note) => SignedNote.Decode(System.Text.Encoding.UTF8.GetBytes(note));
}
