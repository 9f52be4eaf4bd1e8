using System.Formats.Tar;
using Fota.Manifest.Evidence;
using Fota.TestKit;
using AsciiText = System.Text.Encoding;

namespace Fota.Manifest.Tests.Evidence;

/// <summary>A53: a bundle is hostile bytes until it is what its own files make.</summary>
public sealed class EvidenceBundleTests
{
    private static readonly Dictionary<string, byte[]> s_files = new(StringComparer.Ordinal)
    {
        ["log/1.tlog-proof"] = [],
        ["metadata/1.root.json"] = new byte[512],
        [$"targets/{new string('p', 64)}/1.0.0/{new string('a', 64)}.manifest.suit"] = [1, 2, 3],
    };

    [Test]
    [Proves("E-1", "E-2")]
    public void Files_are_read_as_they_were_written()
    {
        EvidenceBundle read = EvidenceBundle.Decode(EvidenceBundle.Write(s_files)).IsAccepted();
        Assert.That(read.Files, Is.EquivalentTo(s_files));
        Assert.That(EvidenceBundle.Decode(EvidenceBundle.Write(new Dictionary<string, byte[]>(StringComparer.Ordinal))).IsAccepted().Files, Is.Empty);
    }

    [TestCase('x', "17777777777")]
    [TestCase('g', "17777777777")]
    [TestCase('L', "17777777777")]
    [TestCase('0', "17777777777")]
    [TestCase('0', "07777777777")]
    [TestCase('0', "00000002001")]
    [TestCase('0', "0000000 001")]
    [TestCase('0', "-0000000001")]
    [TestCase('5', "00000000000")]
    [TestCase('\0', "00000000000")]
    [Proves("E-1")]
    public void A53_Header_that_promises_gigabytes_or_no_regular_file_is_refused_and_takes_nothing(char type, string size)
    {
        byte[] tar = Header("a", size, type);
        long before = GC.GetAllocatedBytesForCurrentThread();
        EvidenceBundle.Decode(tar).IsRefusedFor(RejectionReason.Malformed);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
    }

    [Test]
    [Proves("E-1")]
    public void A06_Bundle_beyond_the_limit_is_refused_before_it_is_copied()
    {
        byte[] much = new byte[EvidenceBundle.MaxBytes + 1];
        long before = GC.GetAllocatedBytesForCurrentThread();
        EvidenceBundle.Decode(much).IsRefusedFor(RejectionReason.LimitExceeded);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
    }

    [Test]
    [Proves("E-1")]
    public void A53_One_file_too_many_and_one_file_twice_are_refused()
    {
        byte[][] many = [.. Enumerable.Range(0, EvidenceBundle.MaxFiles).Select(static number => Header($"{number:D4}", "00000000000", '0')[..512])];
        Assert.That(EvidenceBundle.Decode(many.SelectMany(static header => header).Concat(new byte[1024]).ToArray()).IsAccepted().Files, Has.Count.EqualTo(EvidenceBundle.MaxFiles));
        EvidenceBundle.Decode(many.Append(Header("last", "00000000000", '0')).SelectMany(static header => header).ToArray()).IsRefusedFor(RejectionReason.LimitExceeded);
        EvidenceBundle.Decode(many[0].Concat(many[0]).ToArray()).IsRefusedFor(RejectionReason.DuplicateField);
    }

    [Test]
    [Proves("E-2")]
    public void A53_Name_that_no_header_of_ours_holds_is_refused()
    {
        using MemoryStream pax = new();
        using (TarWriter tar = new(pax, TarEntryFormat.Pax, leaveOpen: true))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, new string('a', 255)));
        }

        EvidenceBundle.Decode(pax.ToArray()).IsRefusedFor(RejectionReason.Malformed);
        EvidenceBundle.Decode(Header("", "00000000000", '0')).IsRefusedFor(RejectionReason.Malformed);
        EvidenceBundle.Decode(Header($"{new string('x', 60)}/{new string('y', 30)}", "00000000000", '0', prefix: new string('p', 100))).IsRefusedFor(RejectionReason.NotCanonical);
    }

    [Test]
    [Proves("E-2")]
    public void A53_No_prefix_of_a_bundle_is_one_and_none_ends_the_reader()
    {
        byte[] whole = EvidenceBundle.Write(s_files);
        for (int length = 64; length < whole.Length; length += 64)
        {
            Assert.That(EvidenceBundle.Decode(whole.AsMemory(0, length)).IsAccepted(out _, out _), Is.False, $"{length} bytes");
        }
    }

    // One block of a header, with a checksum that holds, and the two of an end.
    private static byte[] Header(string name, string size, char type, string prefix = "")
    {
        byte[] tar = new byte[1536];
        (int At, string Text)[] fields = [(0, name), (100, "0000644\0"), (108, "0000000\0"), (116, "0000000\0"), (124, size + "\0"), (136, "00000000000\0"), (148, "        "), (156, $"{type}"), (257, "ustar\000"), (345, prefix)];
        foreach ((int at, string text) in fields)
        {
            AsciiText.ASCII.GetBytes(text).CopyTo(tar, at);
        }

        AsciiText.ASCII.GetBytes(Convert.ToString(tar.Sum(static value => value), 8).PadLeft(6, '0') + "\0 ").CopyTo(tar, 148);
        return tar;
    }
}
