using Fota.Manifest.Log;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Log;

/// <summary>A51: whoever holds a checkpoint finds what was done to the log since.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Proves("L-6")]
public sealed class LogAuditTests
{
    private const int Size = 600;

    private readonly MemoryLog _log = new();
    private readonly VerifiedCheckpoint _old, _new;

    public LogAuditTests()
    {
        _old = _log.AppendNumbered(300);
        _new = _log.AppendNumbered(Size - 300);
    }

    [Test]
    public void Whole_log_is_read_in_order()
    {
        List<long> seen = [];
        AuditedLog audited = LogAudit.Run(_log, _new, [_old], (index, entry) =>
        {
            Assert.That(BitConverter.ToInt32(entry.Span), Is.EqualTo(index));
            seen.Add(index);
        }).IsAccepted();
        Assert.That(seen, Has.Count.EqualTo(Size));
        Assert.That(audited.Tiles, Is.EqualTo(4));
    }

    [Test]
    public void A51_Every_file_of_the_log_counts()
    {
        foreach (string path in TileAddress.OfTree(Size).Select(static tile => tile.Path))
        {
            byte[] whole = _log.Files[path];
            foreach (int place in (int[])[0, 1, whole.Length / 2, whole.Length - 1])
            {
                byte[] changed = [.. whole];
                changed[place] ^= 1;
                _log.Files[path] = changed;
                Assert.That(Audit(_new).IsAccepted(out _, out _), Is.False, $"accepted with byte {place} of {path} changed");
            }

            _log.Files[path] = whole[..^1];
            Assert.That(Audit(_new).IsAccepted(out _, out _), Is.False, $"accepted {path} cut short");
            _log.Files[path] = [.. whole, 0];
            Assert.That(Audit(_new).IsAccepted(out _, out _), Is.False, $"accepted {path} with a byte behind it");
            _log.Files.Remove(path);
            Audit(_new).IsRefusedFor(RejectionReason.LogIncomplete);
            _log.Files[path] = whole;
        }

        Audit(_new).IsAccepted();
    }

    [Test]
    public void A51_Changed_entry_is_found_although_the_log_was_signed_anew() => Rewritten(static entries => entries[7] = [9, 9, 9]).IsRefusedFor(RejectionReason.LogSplitView);

    [Test]
    public void A51_Reordered_entries_are_found_although_the_log_was_signed_anew() => Rewritten(static entries => (entries[7], entries[8]) = (entries[8], entries[7])).IsRefusedFor(RejectionReason.LogSplitView);

    [Test]
    public void A51_Dropped_entry_is_found_although_the_log_was_signed_anew() => Rewritten(static entries => entries.RemoveAt(7)).IsRefusedFor(RejectionReason.LogSplitView);

    [Test]
    public void A51_Log_that_was_cut_below_the_checkpoint_is_found() => Rewritten(static entries => entries.RemoveRange(299, entries.Count - 299)).IsRefusedFor(RejectionReason.LogTruncated);

    [Test]
    public void A51_Nothing_is_found_in_what_the_checkpoint_does_not_cover() => Rewritten(static entries => entries.RemoveAt(300)).IsAccepted();

    [Test]
    public void Refusal_of_an_entry_is_a_refusal_of_the_log() =>
        LogAudit.Run(_log, _new, [], static (index, _) => throw new RejectedException(RejectionReason.Malformed, $"entry {index}")).IsRefusedFor(RejectionReason.Malformed);

    private Verdict<AuditedLog> Audit(VerifiedCheckpoint checkpoint) => LogAudit.Run(_log, checkpoint, [], static (_, _) => { });

    /// <summary>The log that its holder would like to have had, signed by the log's own key.</summary>
    private Verdict<AuditedLog> Rewritten(Action<List<byte[]>> edit)
    {
        List<byte[]> entries = [.. Enumerable.Range(0, Size).Select(static number => BitConverter.GetBytes(number))];
        edit(entries);
        MemoryLog rewritten = new();
        Checkpoint content = rewritten.Append(entries).Content;
        return LogAudit.Run(rewritten, _log.Sign(content.Size, content.Root), [_old], static (_, _) => { });
    }
}
